package docs_test

// commandWays has a line for every command that README, CONTRIBUTING and docs show, those of modulePages aside. A new command gets a line
// here: run it as it is, or in a form that takes a second. Only what cannot be run here at all has a reason in its place.
var commandWays = map[string]way{
	// The suite, of which this test is a part: to run it would not end.
	"make test":                   {dry: "this test is a part of it"},
	"make race":                   {dry: "this test is a part of it"},
	"make lint":                   {dry: "make ci runs it"},
	"make ci":                     {dry: "it runs the suite"},
	"make faults":                 {dry: "it takes 10 minutes, and is tests of internal/faults, of which make test runs a short form"},
	"make bench-compare REF=main": {dry: "it takes an hour, and wants a commit of that name"},

	// The programs.
	"make demo":                           {dry: "make ci runs it, and the tests of cmd/demo each of its chapters"},
	"make demo DATABASE=postgres://…":     {as: "go run ./cmd/demo herd --database $POSTGRES --goroutines 200 --tables 4"},
	"make demo DATABASE=mysql://…":        {as: "go run ./cmd/demo herd --database $MYSQL --goroutines 200 --tables 4"},
	"go run ./cmd/demo migrate --to 1":    {},
	"go run ./cmd/demo plan":              {},
	"go run ./cmd/demo plan --to 2":       {},
	"demo run --example":                  {as: "go run ./cmd/demo run --example > workflow.json"},
	"demo run workflow.json":              {as: "go run ./cmd/demo run --example > example.json && go run ./cmd/demo run example.json"},
	"go run ./loadtest":                   {as: "go run ./loadtest --duration 400ms"},
	"go run ./loadtest --help":            {},
	"go run ./loadtest --report out.html": {as: "go run ./loadtest --report out.html" + small},
	"go run ./loadtest --json out.json":   {as: "go run ./loadtest --json out.json" + small},
	"go run ./loadtest --writers 256 --tables 50 --processes 4 --duration 20s --report out.html": {
		as: "go run ./loadtest --report out.html" + small,
	},
	"go run ./loadtest --database postgres --restart-every 5s --changes 3": {
		as: "go run ./loadtest --database $POSTGRES --changes 1" + small, // a server of its own restarts in the tests of loadtest/load
	},
	"go run ./loadtest --database mysql --restart-every 5s --changes 3": {
		as: "go run ./loadtest --database $MYSQL --changes 1" + small, // the same of it
	},
	"go run ./loadtest --json own.json":                                          {as: "go run ./loadtest --json own.json" + small},
	"go run ./loadtest --mode check-every-op --json check.json":                  {as: "go run ./loadtest --mode check-every-op --json check.json" + small, any: true},
	"go run ./loadtest --mode if-not-exists --json bare.json":                    {as: "go run ./loadtest --mode if-not-exists --json bare.json" + small, any: true},
	"go run ./loadtest report own.json check.json bare.json --out compared.html": {},
	"curl -N": {not: "a piece of a sentence; the tests of coordinator/dashboard read the stream"},

	// The service.
	"go run ./cmd/demo serve": {as: "go run ./cmd/demo serve --address 127.0.0.1:$PORT", until: "curl -fsS http://127.0.0.1:$PORT/readyz"},
	"go run ./cmd/demo serve --database postgres://… --address :8080 --grace 5s": {
		as: "go run ./cmd/demo serve --database $POSTGRES --migrate", // it ends by itself
	},
	"go run ./cmd/demo serve --database mysql://… --address :8080 --grace 5s": {
		as: "go run ./cmd/demo serve --database $MYSQL --migrate", // it ends by itself
	},
	`curl -i -H 'Content-Type: application/json' -d '{"email":"ada@example.org","name":"Ada"}' http://127.0.0.1:8080/v1/customers`: {
		as: `curl -fsS -i -H 'Content-Type: application/json' -d '{"email":"ada@example.org","name":"Ada"}' http://127.0.0.1:$PORT/v1/customers`,
	},
	"demo serve":                {not: "it is go run ./cmd/demo serve, in a sentence"},
	"make serve-load":           {dry: slow},
	"docker compose up --build": {not: noCluster},
	"kubectl create secret generic demo-database-owner --from-file=url=./owner.url":    {not: noCluster},
	"kubectl create secret generic demo-database --from-file=url=./service.url":        {not: noCluster},
	"kubectl apply -f docs/kubernetes/migrate.yaml":                                    {not: noCluster},
	"kubectl apply -f docs/kubernetes/service.yaml -f docs/kubernetes/deployment.yaml": {not: noCluster},

	// Figures.
	"make bench BENCH=Get PKG=./nodes":                            {dry: slow, long: "make bench BENCH=Append PKG=./schema GOFLAGS=-benchtime=1x"},
	"make bench BENCH=BulkCreate PKG=./nodes":                     {dry: slow, long: "make bench BENCH=^$ PKG=./nodes"},
	"make bench BENCH=Get/postgres":                               {dry: slow, long: "make bench BENCH=^$ PKG=./nodes"},
	"make bench BENCH=Boot":                                       {dry: slow, long: "make bench BENCH=^$ PKG=./nodes"},
	"make bench BENCH=Open PKG=./coordinator/coordinatortest/...": {dry: slow, long: "make bench BENCH=Open PKG=./coordinator/coordinatortest/sqlitetest GOFLAGS=-benchtime=1x"},
	"make bench BENCH=Telemetry PKG=./coordinator/telemetry":      {dry: slow, long: "make bench BENCH=^$ PKG=./coordinator/telemetry"},
	"make million": {dry: "its test runs in make test, with fewer rows"},
	"make compare": {dry: slow, long: "make compare ARGS='" + shortest + " --scenario single'"}, // its module's tests run it
	"make compare ARGS='--scenario writers --budget 2m'":       {dry: slow, long: "make compare ARGS='--scenario writers " + shortest + "'"},
	"make compare ARGS='--database mysql --budget 8m'":         {dry: slow, long: "make compare ARGS='--database mysql --scenario writers " + shortest + "'"},
	"make compare ARGS='--rounds 9 --budget 20m'":              {dry: slow, long: "make compare ARGS=\"--rounds 9 --scenario bulk --json $(mktemp) " + shortest + "\""},
	"make compare ARGS='--markdown ../../docs/performance.md'": {dry: slow, long: "make compare ARGS=\"--scenario single --markdown $(mktemp) " + shortest + "\""},
}

// shortest has the comparison end in a moment.
const shortest = "--database sqlite --rounds 1 --budget 2s"

// noCluster is for commands that want Docker or Kubernetes.
const noCluster = "there is neither Docker nor Kubernetes in continuous integration; the tests of cmd/demo run what these files say"

// small has the load test end in a moment.
const small = " --writers 8 --tables 4 --processes 2 --duration 400ms"

// slow is for commands that are run with SCHEMACTOR_COMMANDS=long only: they build a module or test binaries of their own.
const slow = "it takes minutes; SCHEMACTOR_COMMANDS=long runs a short form"
