// Package sdktest runs the official SDKs for OpenAI and Anthropic, with their own
// retries on, through outages of a server that misbehaves. It is a module of its
// own so that nobody else downloads them.
package sdktest
