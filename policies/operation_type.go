package policies

// OperationType says what kind of work a target does. It picks the built-in
// defaults, which are those of Bindu's retry settings.
type OperationType string

// The four operation types.
const (
	// Worker runs an agent's tasks.
	Worker OperationType = "worker"
	// Storage keeps and finds data.
	Storage OperationType = "storage"
	// API is a service that is called.
	API OperationType = "api"
	// Scheduler hands out tasks.
	Scheduler OperationType = "scheduler"
)

// OperationTypes lists the four operation types in a fixed order.
func OperationTypes() []OperationType {
	return []OperationType{Worker, Storage, API, Scheduler}
}
