package docs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// modulePages are pages that build a program from nothing: blocks of Go that begin with a file's name are written to that file, blocks
// of sh are run, and the block of text that follows is what comes out, all in the order of the page.
var modulePages = []string{"quickstart.md"}

var fileName = regexp.MustCompile(`^// ([a-z_]+\.go)\n`)

func TestModulePages(t *testing.T) {
	for _, page := range modulePages {
		t.Run(page, func(t *testing.T) {
			root, err := filepath.Abs("..")
			require.NoError(t, err)
			folder, said := t.TempDir(), ""
			files, commands, answers := 0, 0, 0
			for _, block := range fence.FindAllStringSubmatch(read(t, page), -1) {
				switch name := fileName.FindStringSubmatch(block[2]); {
				case block[1] == "go" && name != nil:
					files++
					require.NoError(t, os.WriteFile(filepath.Join(folder, "shop", name[1]), []byte(block[2]), 0o600))
				case block[1] == "sh":
					commands++
					said = runBlock(t, root, folder, block[2])
				case block[1] == "text":
					answers++
					for line := range strings.SplitSeq(strings.TrimSpace(block[2]), "\n") {
						require.Contains(t, said, strings.TrimSpace(line))
					}
				default:
					t.Errorf("a block of this page is neither file, command nor answer:\n%s", block[0])
				}
			}
			require.Positive(t, min(files, commands, answers))
		})
	}
}

// runBlock runs a block of commands, in the module's folder once there is one, and gives what they print. The library is this repository.
// go.mod and go.sum are the page's business, as they are a reader's: nothing is added to them but by the page's own commands. In the place
// of tidy comes what asks for the module's own packages alone, for what only others' tests need may not be on this machine.
func runBlock(t *testing.T, root, folder, commands string) string {
	if module := filepath.Join(folder, "shop"); strings.HasPrefix(commands, "go ") {
		folder = module
	}
	commands = strings.ReplaceAll(commands, "go get github.com/schemactor/schemactor\n",
		`go mod edit -require github.com/schemactor/schemactor@v0.0.0 -replace "github.com/schemactor/schemactor=$REPO" && cp "$REPO/go.sum" .`+"\n")
	commands = strings.ReplaceAll(commands, "go mod tidy\n", "go list -mod=mod -deps -test . >packages.log\n")
	cmd := exec.CommandContext(t.Context(), "sh", "-ec", commands)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "REPO="+root, "GOWORK=off",
		"GOFLAGS=-ldflags=-w -vet=off") // neither is what the page is about, and each takes longer than the rest
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s\n%s", commands, out)
	return string(out)
}
