// Reads the table materials each time that a line comes in.
//
//	materials DIRECTORY CONNECTION [MAX_AGE [PAUSE [TIMEOUT]]]
//
// Prints one JSON object per line. An empty line reads all materials; any other line is asked of the database instead,
// so that you can see what a mistake in a query does. Start it, press Enter, stop Postgres, press Enter.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"

	"example.com/materials/understudy"
)

const query = "SELECT id, name, price FROM materials ORDER BY id"

// With a driver that gives SQLSTATEs: 28xxx and 3D000 are mistakes; 08xxx, 57P01 to 57P03 and 53300 are outages.
var loginMistake = regexp.MustCompile("authentication failed|no pg_hba.conf entry|does not exist|permission denied|" +
	"not permitted to log in|invalid connection option")

// askDatabase: put your driver's query here. ErrUnreachable is for a database that is down, never for a wrong query.
func askDatabase(connection, query string, timeout time.Duration) (json.RawMessage, error) {
	limit, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	asJSON := "SELECT coalesce(json_agg(t), '[]') FROM (" + query + ") t"
	psql := exec.CommandContext(limit, "psql", "-XqAt", "-c", asJSON, connection)
	psql.Env = append(os.Environ(), "PGTZ=UTC")
	var complaint bytes.Buffer
	psql.Stderr = &complaint
	rows, err := psql.Output()
	said := strings.TrimSpace(complaint.String())
	switch {
	case limit.Err() != nil:
		return nil, fmt.Errorf("%w: no answer within %v", understudy.ErrUnreachable, timeout)
	case psql.ProcessState != nil && psql.ProcessState.ExitCode() == 2 && !loginMistake.MatchString(said):
		return nil, fmt.Errorf("%w: %s", understudy.ErrUnreachable, said) // psql: the connection failed or was lost
	case err != nil:
		return nil, fmt.Errorf("%w: %s", err, said)
	}
	return rows, nil
}

func seconds(argument int, otherwise float64) time.Duration {
	if argument < len(os.Args) {
		otherwise, _ = strconv.ParseFloat(os.Args[argument], 64)
	}
	return time.Duration(otherwise * float64(time.Second))
}

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: materials DIRECTORY CONNECTION [MAX_AGE [PAUSE [TIMEOUT]]]")
		os.Exit(2)
	}
	maxAge, pause, timeout := seconds(3, 300), seconds(4, 5), seconds(5, 2)
	materials := understudy.DatabaseFirst{Snapshot: &understudy.Snapshot{Directory: os.Args[1]}, Pause: pause}
	out := json.NewEncoder(os.Stdout)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		asked := strings.TrimSpace(lines.Text())
		if asked == "" {
			asked = query
		}
		ask := func() (json.RawMessage, error) { return askDatabase(os.Args[2], asked, timeout) }
		answer, err := materials.Read(ask, "materials", maxAge)
		if err == nil {
			out.Encode(answer)
			continue
		}
		kind := "mistake"
		if refused := (*understudy.Refused)(nil); errors.As(err, &refused) {
			kind = refused.Outcome
		}
		out.Encode(map[string]string{"error": kind, "text": err.Error()})
	}
}
