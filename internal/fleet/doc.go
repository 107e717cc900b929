// Package fleet runs workers, which are processes of the program's own binary, and disturbs them: they can be killed,
// frozen and thawed. Parent and worker exchange JSON values over the worker's standard input and output.
//
// A program that has workers calls Main before anything else:
//
//	if code, worker := fleet.Main(roles); worker {
//		os.Exit(code)
//	}
//
// A worker ends at the latest with its parent, however that ends: it loses its standard input, and with it the context
// of its role.
package fleet
