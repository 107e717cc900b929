package postgres_test

import (
	"testing"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/dialecttest"
	"github.com/schemactor/schemactor/internal/postgrestest"
)

func TestExercise(t *testing.T) {
	dialecttest.Exercise(t, func(t *testing.T) dialect.Dialect { return open(t, postgrestest.Open(t)) })
}
