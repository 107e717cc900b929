package dynamic_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/schemactor/schemactor/internal/mysqltest"
	"github.com/schemactor/schemactor/internal/postgrestest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(mysqltest.Main(postgrestest.Main(m))) }

func ptr[V any](v V) *V { return &v }
