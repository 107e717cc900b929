// Package service is a small service to copy: three related tables behind HTTP and JSON, as demo serve runs it.
//
// It shows what a service does with the library: register models, make tables ready in the background and again after an
// outage, translate the failure contract into HTTP, tell a load balancer the truth, and end in order. It has no
// authentication: put it behind yours.
package service
