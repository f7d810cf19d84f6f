package policies

// OperationType says what kind of work a target does. It picks the built-in
// defaults, which are those of Bindu's retry settings.
type OperationType string

// The four operation types.
const (
	Worker    OperationType = "worker"
	Storage   OperationType = "storage"
	API       OperationType = "api"
	Scheduler OperationType = "scheduler"
)

// OperationTypes lists the four operation types in a fixed order.
func OperationTypes() []OperationType {
	return []OperationType{Worker, Storage, API, Scheduler}
}
