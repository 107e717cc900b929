package report

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// shape is a made-up run: its numbers are drawn from a seed, and are like those of a real one.
type shape struct {
	mode       string
	tables     int
	processes  int
	points     int
	rate       float64       // operations per second
	typical    time.Duration // p50
	tail       float64       // p99 is so many times the p50
	errors     int64
	migrations int64
	broken     bool
	kills      int
}

func coordinated() shape {
	return shape{
		mode: ModeCoordinator, tables: 50, processes: 4, points: 20, rate: 11800, typical: 9 * time.Millisecond, tail: 6,
		migrations: 50, kills: 2,
	}
}

func checking() shape {
	return shape{
		mode: ModeCheckEveryOp, tables: 50, processes: 4, points: 20, rate: 410, typical: 480 * time.Millisecond, tail: 5,
		errors: 312, migrations: 61, broken: true,
	}
}

func assuming() shape {
	return shape{
		mode: ModeIfNotExists, tables: 50, processes: 4, points: 20, rate: 9300, typical: 11 * time.Millisecond, tail: 30,
		errors: 41, migrations: 0, broken: true,
	}
}

// run makes it.
func (s shape) run() Run {
	random := rand.New(rand.NewPCG(7, uint64(len(s.mode))))
	elapsed := time.Duration(s.points) * time.Second
	r := Run{
		Mode: s.mode, Started: time.Date(2026, 11, 30, 13, 20, 0, 0, time.UTC), Elapsed: elapsed,
		Database: Database{"SQLite", "3.50.4"},
		Machine:  Machine{OS: "linux/amd64", CPU: "Some Processor 2.6 GHz", CPUs: 2, Go: "go1.26.0", Library: "0.8.0"},
		Tables:   int64(s.tables), Migrations: s.migrations,
	}
	for _, f := range []struct {
		flag, value string
		given       bool
	}{
		{"writers", "256", true},
		{"tables", fmt.Sprint(s.tables), true},
		{"processes", fmt.Sprint(s.processes), true},
		{"duration", elapsed.String(), true},
		{"mode", s.mode, s.mode != ModeCoordinator},
		{"mix", "create=60,read=25,update=10,delete=5", false},
		{"keys", "uniform", false},
		{"row-size", "100", false},
		{"rate", "0", false},
		{"warm-up", "0s", false},
		{"seed", "1", false},
	} {
		r.Config = append(r.Config, Setting{f.flag, f.value, f.given})
	}
	s.series(&r, random)
	s.operations(&r, random)
	for table := range s.tables {
		for process := range s.processes {
			r.Ensures = append(r.Ensures, s.ensure(table, process, random, elapsed))
		}
	}
	for kill := range s.kills {
		r.Faults = append(r.Faults, Mark{Offset: time.Duration(4+7*kill) * time.Second, Kind: "kill", Target: fmt.Sprintf("process %d", kill+1)})
	}
	if s.errors > 0 {
		r.Errors = []ErrorCount{
			{Class: "the table exists already", Count: s.errors - 3, Example: "create loadtest_1a2b_007: the table exists already"},
			{Class: "deadline exceeded", Count: 3, Fault: "restart"},
		}
	}
	r.Promises = []Promise{
		{Name: "one migration per table", Kept: s.migrations == int64(s.tables), Want: fmt.Sprintf("%d migrations for %d tables", s.tables, s.tables), Got: fmt.Sprint(s.migrations, " migrations")},
		{Name: "every acknowledged row is there", Kept: true, Want: "all", Got: number(r.All.Count) + " rows"},
		{Name: "no caller got an error", Kept: s.errors == 0, Want: "0 errors", Got: fmt.Sprint(s.errors, " errors")},
		{Name: "nothing is left behind", Kept: !s.broken, Want: "none", Got: map[bool]string{true: "2 indexes", false: "none"}[s.broken], Detail: map[bool]string{true: "loadtest_1a2b_007, loadtest_1a2b_031"}[s.broken]},
	}
	return r
}

var mix = []Operation{{Name: "create", Count: 60}, {Name: "read", Count: 25}, {Name: "update", Count: 10}, {Name: "delete", Count: 5}}

func (s shape) series(r *Run, random *rand.Rand) {
	for i := range s.points {
		sway := 1 + 0.12*math.Sin(float64(i)/2) + 0.1*random.Float64()
		if i == 0 {
			sway = 0.35
		}
		p := Point{
			Offset: time.Duration(i+1) * time.Second, Length: time.Second, Operations: map[string]int64{}, Errors: s.errors / int64(s.points),
			Tables: int64(s.tables), Migrations: s.migrations,
		}
		if i == 0 {
			p.Tables, p.Migrations = p.Tables*3/4, p.Migrations*3/4
		}
		for _, kind := range mix {
			p.Operations[kind.Name] = int64(s.rate * sway * float64(kind.Count) / 100)
		}
		p.P50 = time.Duration(float64(s.typical) / sway)
		p.P99 = time.Duration(float64(p.P50) * s.tail)
		p.Max = p.P99 * time.Duration(2+random.IntN(4))
		r.Series = append(r.Series, p)
	}
}

func (s shape) operations(r *Run, random *rand.Rand) {
	quantiles := func(typical time.Duration) []Quantile {
		var out []Quantile
		for nines := 0.05; nines <= 5; nines += 0.1 {
			out = append(out, Quantile{1 - math.Pow(10, -nines), time.Duration(float64(typical) * math.Pow(s.tail, (nines-0.3)/1.7))})
		}
		return append(out, Quantile{1, out[len(out)-1].Latency * 2})
	}
	for _, kind := range mix {
		count := int64(s.rate * float64(s.points) * float64(kind.Count) / 100)
		typical := time.Duration(float64(s.typical) * (0.5 + random.Float64()))
		r.Operations = append(r.Operations, Operation{kind.Name, count, s.errors / 4, typical * 3 / 2, quantiles(typical)})
		r.All.Count += count
	}
	r.All.Errors, r.All.Mean, r.All.Quantiles = s.errors, s.typical*3/2, quantiles(s.typical)
}

// ensure is one process that waits its turn for a table, or makes it itself.
func (s shape) ensure(table, process int, random *rand.Rand, elapsed time.Duration) Ensure {
	e := Ensure{Table: fmt.Sprintf("loadtest_1a2b_%03d", table), Process: int64(process + 1)}
	at := time.Duration(random.IntN(30)) * time.Millisecond
	phase := func(phase Phase, lasts time.Duration) {
		e.Spans = append(e.Spans, Span{Phase: phase, From: at, To: at + lasts})
		at += lasts
	}
	phase(PhaseLooking, time.Duration(3+random.IntN(9))*time.Millisecond)
	turn := time.Duration(table+1) * 14 * time.Millisecond
	if process == table%s.processes {
		phase(PhaseWaiting, turn)
		phase(PhaseLocked, 6*time.Millisecond)
		phase(PhaseApplying, time.Duration(8+random.IntN(20))*time.Millisecond)
	} else {
		phase(PhaseWaiting, turn+time.Duration(30+random.IntN(40))*time.Millisecond)
		phase(PhaseLocked, 2*time.Millisecond)
	}
	if s.broken && table%9 == 4 {
		phase(PhaseFailed, 90*time.Millisecond)
		e.Spans[len(e.Spans)-1].Note = "raced"
	}
	phase(PhaseReady, elapsed-at)
	return e
}

// hostile is what a name must not be able to do: end a script, begin one, close an attribute, be an entity, turn the writing round.
const hostile = `</script><script>document.title="owned"</script><img src=x onerror="document.title='owned'">"'` + "`${1}&amp;\u2028\u202e{{.}} Größe 表 🐘"

// evil is a run whose every text is hostile.
func evil() Run {
	r := shape{mode: hostile, tables: 3, processes: 2, points: 5, rate: 100, typical: time.Millisecond, tail: 3, errors: 2, broken: true, kills: 1}.run()
	r.Name = hostile
	r.Database, r.Machine = Database{hostile, hostile}, Machine{OS: hostile, CPU: hostile, Go: hostile, Library: hostile}
	r.Config = append(r.Config, Setting{hostile, hostile, true})
	for i := range r.Series {
		r.Series[i].Operations[hostile] = 7
	}
	r.Operations = append(r.Operations, Operation{Name: hostile, Count: 7, Quantiles: r.All.Quantiles})
	for i := range r.Ensures {
		r.Ensures[i].Table += hostile
		r.Ensures[i].Spans[0].Note = hostile
	}
	r.Ensures = append(r.Ensures, Ensure{Table: "odd", Process: 9, Spans: []Span{{Phase: hostile, To: time.Second}, {Phase: "__proto__"}}})
	r.Faults = append(r.Faults, Mark{Offset: time.Second, Kind: hostile, Target: hostile})
	r.Errors = append(r.Errors, ErrorCount{Class: hostile, Count: 1, Example: hostile})
	r.Promises = append(r.Promises, Promise{hostile, false, hostile, "not " + hostile, hostile})
	return r
}

// long is a run of many points, kills and tables.
func long() Run {
	s := coordinated()
	s.points, s.kills, s.tables, s.processes, s.migrations = 400, 50, 155, 4, 155
	r := s.run()
	r.Warmup = 60 * time.Second
	r.Faults = append(r.Faults, Mark{Offset: 200 * time.Second, To: 260 * time.Second, Kind: "freeze", Target: "process 3"})
	return r
}
