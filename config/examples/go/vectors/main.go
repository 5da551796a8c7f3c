// Runs the reader against the cases of schemas/reader-vectors: vectors DIRECTORY. One JSON object per case.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"example.com/materials/understudy"
)

type asked struct {
	Document, Table string
	MaxAge          *float64 `json:"max_age_seconds"`
	Now             time.Time
	ExpectSource    map[string]string `json:"expect_source"`
	ReadBefore      *string           `json:"read_before"`
}

func answerTo(directory string, ask asked) map[string]any {
	reader := understudy.Snapshot{
		Document:     ask.Document,
		ExpectSource: ask.ExpectSource,
		Clock:        func() time.Time { return ask.Now },
	}
	if ask.ReadBefore != nil {
		reader.Directory = filepath.Join(directory, *ask.ReadBefore)
		if _, err := reader.Read(ask.Table, understudy.AnyAge); err != nil {
			panic(err)
		}
	}
	reader.Directory = filepath.Join(directory, "snapshot")
	maxAge := understudy.AnyAge
	if ask.MaxAge != nil {
		maxAge = time.Duration(*ask.MaxAge * float64(time.Second))
	}
	answer, err := reader.Read(ask.Table, maxAge)
	if refused := (*understudy.Refused)(nil); errors.As(err, &refused) {
		return map[string]any{"outcome": refused.Outcome}
	}
	outcome := answer.Warning
	if outcome == "" {
		outcome = "good"
	}
	return map[string]any{
		"outcome": outcome, "generation": answer.Generation, "age_seconds": answer.AgeSeconds, "rows": answer.Rows,
	}
}

func main() {
	cases, _ := filepath.Glob(filepath.Join(os.Args[1], "*", "case.json"))
	for _, file := range cases {
		text, err := os.ReadFile(file)
		var read struct{ Ask asked }
		if err == nil {
			err = json.Unmarshal(text, &read)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, file, err)
			os.Exit(1)
		}
		directory := filepath.Dir(file)
		answer := answerTo(directory, read.Ask)
		answer["case"] = filepath.Base(directory)
		json.NewEncoder(os.Stdout).Encode(answer)
	}
}
