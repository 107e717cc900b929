// Package dashboard is a page, and a JSON API, that shows what a coordinator does: which tables are ready, what is being made this
// moment, how each table came to be what it is, what a plan would change, and how the write lane fares.
//
//	page, err := dashboard.New(c, nil) // c is a *coordinator.Coordinator
//	mux.Handle("/schema/", page)
//
// It is read-only unless Config.Actions is set and Config.Authorize says who may do what. It shows no rows and no credentials: names,
// the SQL of shapes, and errors in the library's own words. Whoever can reach it can read the shape of every table, so that
// Config.Middleware or the program's own should ask who they are.
//
// A program is not slowed down by who looks at it. Lists, searches and live pages read memory, at most ten times a second
// however many pages there are; History, Plan and Drift ask the database when somebody opens them, a few at a time and
// within a time. Nothing else does.
//
// The API is described in docs/dashboard.md.
package dashboard
