//go:build !linux

package faults_test

import "github.com/schemactor/schemactor/internal/fleet"

// diskRoles has none: quotas are put on processes on Linux alone.
func diskRoles() map[string]fleet.Role { return nil }
