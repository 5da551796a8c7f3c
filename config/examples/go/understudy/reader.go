// Package understudy is the pattern "database first, on error the snapshot of understudy". Standard library only.
//
// Snapshot reads a snapshot directory by the rules of schemas/reader.md. DatabaseFirst asks your database, and the
// snapshot only when the database cannot be reached. Neither ever writes. Both may be used by several goroutines.
package understudy

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

// ErrUnreachable is what your query function wraps when there is no connection: and for nothing else, for the
// snapshot answers then.
var ErrUnreachable = errors.New("the database cannot be reached")

// AnyAge takes rows of an unknown age, too.
const AnyAge = time.Duration(math.MaxInt64)

// Refused says why there is no answer. Outcome is a name of reader.md: too_old, torn, foreign, ...
type Refused struct{ Outcome, Text string }

func (refused *Refused) Error() string { return refused.Outcome + ": " + refused.Text }

func refuse(outcome, format string, arguments ...any) error {
	return &Refused{outcome, fmt.Sprintf(format, arguments...)}
}

// Answer is what a read gives. Decode Rows into your own types; nothing has been rounded in them. Their bytes are
// shared with later answers: do not change them.
type Answer struct {
	Source      string          `json:"source"` // "database" or "snapshot"
	Rows        json.RawMessage `json:"rows"`
	AgeSeconds  *float64        `json:"age_seconds"` // nil: unknown
	Generation  int64           `json:"generation"`
	ContentAsOf *string         `json:"content_as_of"` // the latest commit inside
	CurrentAsOf *string         `json:"current_as_of"` // every commit acknowledged by then is inside
	// Warning is rolled_back, or why the announced generation was refused and an earlier one answers.
	Warning string `json:"warning"`
	Why     string `json:"why"` // what the database said, when the snapshot answers
}

// Snapshot reads Document (snapshot.json where it is empty) of a snapshot directory.
type Snapshot struct {
	Directory    string
	Document     string
	ExpectSource map[string]string // e.g. {"system_id": "7437...", "database": "shop"}
	Clock        func() time.Time  // nil: time.Now

	lock    sync.Mutex
	held    *generation // the last good one
	status  *status     // the last status.json that could be read beside a good generation
	highest int64
}

type generation struct {
	path         string
	facts        os.FileInfo
	manifestText []byte
	manifest     manifest
	position     uint64
	document     map[string]json.RawMessage
}

type manifest struct {
	Format      int
	Generation  int64
	Position    string
	ContentAsOf *string `json:"content_as_of"`
	Source      map[string]any
	Documents   []struct {
		File, SHA256 string
		Bytes        int64
	}
}

type status struct {
	Format      int
	Generation  *int64
	Position    string
	CurrentAsOf *string `json:"current_as_of"` // nil until it was proved
	ClockOffset float64 `json:"clock_offset_ms"`
	position    uint64
	at          time.Time
}

// Read gives the rows of a table, at most maxAge old. The error is a *Refused.
func (snapshot *Snapshot) Read(table string, maxAge time.Duration) (*Answer, error) {
	snapshot.lock.Lock()
	defer snapshot.lock.Unlock()
	trouble := snapshot.refresh()
	held := snapshot.held
	if held == nil {
		return nil, trouble
	}
	answer := &Answer{Source: "snapshot", Generation: held.manifest.Generation, ContentAsOf: held.manifest.ContentAsOf}
	age, known := snapshot.age(answer)
	if maxAge != AnyAge && (!known || age > maxAge) {
		if !known {
			return nil, refuse("too_old", "the age of generation %d is unknown", answer.Generation)
		}
		return nil, refuse("too_old", "generation %d is %v old", answer.Generation, age)
	}
	var found bool
	if answer.Rows, found = held.document[table]; !found {
		return nil, refuse("unknown_table", "%s has no %s", snapshot.document(), table)
	}
	var refused *Refused
	if errors.As(trouble, &refused) {
		answer.Warning = refused.Outcome
	} else if answer.Generation < snapshot.highest {
		answer.Warning = "rolled_back"
	}
	return answer, nil
}

func (snapshot *Snapshot) document() string {
	if snapshot.Document == "" {
		return "snapshot.json"
	}
	return snapshot.Document
}

// refresh takes over what is announced, if it is good and not held already. Returns what is wrong with it.
func (snapshot *Snapshot) refresh() error {
	var trouble error
	for try := 0; try < 2; try++ { // twice, because it may have been replaced and removed meanwhile
		now := snapshot.readStatus() // before `current`, so that it is not of a later generation
		var found *generation
		if found, trouble = snapshot.openCurrent(); trouble != nil {
			continue
		}
		snapshot.held = found
		if now != nil {
			snapshot.status = now
		}
		if found.manifest.Generation > snapshot.highest {
			snapshot.highest = found.manifest.Generation
		}
		return nil
	}
	return trouble
}

func (snapshot *Snapshot) openCurrent() (*generation, error) {
	path, err := filepath.EvalSymlinks(filepath.Join(snapshot.Directory, "current")) // once: from here on one generation
	if err != nil {
		return nil, refuse("no_generation", "%v", err)
	}
	facts, err := os.Stat(path)
	if err != nil {
		return nil, refuse("no_generation", "%v", err)
	}
	held := snapshot.held
	if held != nil && held.path == path && os.SameFile(held.facts, facts) && held.facts.ModTime().Equal(facts.ModTime()) {
		return held, nil
	}
	found := &generation{path: path, facts: facts}
	if err := snapshot.load(found); err != nil {
		var refused *Refused
		if !errors.As(err, &refused) {
			err = refuse("torn", "%s: %v", path, err)
		}
		return nil, err
	}
	return found, nil
}

func (snapshot *Snapshot) load(into *generation) (err error) {
	if into.manifestText, err = os.ReadFile(filepath.Join(into.path, "manifest.json")); err != nil {
		return err
	}
	var only struct{ Format int }
	if err := json.Unmarshal(into.manifestText, &only); err != nil {
		return err
	}
	if only.Format != 1 {
		return refuse("newer_format", "the manifest has format %d", only.Format)
	}
	if err := json.Unmarshal(into.manifestText, &into.manifest); err != nil {
		return err
	}
	if into.position, err = lsn(into.manifest.Position); err != nil {
		return err
	}
	if err := snapshot.checkHistory(into); err != nil {
		return err
	}
	return snapshot.loadDocument(into)
}

func (snapshot *Snapshot) checkHistory(found *generation) error {
	number := found.manifest.Generation
	if directory, err := strconv.ParseInt(filepath.Base(found.path), 10, 64); err != nil || directory != number {
		return refuse("torn", "%s has the manifest of generation %d", found.path, number)
	}
	for name, value := range snapshot.ExpectSource {
		if found.manifest.Source[name] != value {
			return refuse("foreign", "%s: its %s is %v", found.path, name, found.manifest.Source[name])
		}
	}
	held := snapshot.held
	if held != nil && held.manifest.Generation == number && !bytes.Equal(held.manifestText, found.manifestText) {
		return refuse("foreign", "there are two generations %d", number)
	}
	return nil
}

func (snapshot *Snapshot) loadDocument(into *generation) error {
	for _, described := range into.manifest.Documents {
		if described.File != snapshot.document() {
			continue
		}
		file := filepath.Join(into.path, described.File)
		if facts, err := os.Stat(file); err != nil || facts.Size() != described.Bytes {
			return refuse("torn", "%s is not there with the size that the manifest says", file)
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != described.SHA256 {
			return refuse("torn", "%s does not have the SHA-256 that the manifest says", file)
		}
		return json.Unmarshal(data, &into.document)
	}
	return refuse("unknown_document", "%s has no %s", into.path, snapshot.document())
}

// readStatus gives nil where there is none: the rows are good without it; only their age is unknown.
func (snapshot *Snapshot) readStatus() *status {
	data, err := os.ReadFile(filepath.Join(snapshot.Directory, "status.json"))
	if err != nil {
		return nil
	}
	var now status
	if err := json.Unmarshal(data, &now); err != nil || now.Format != 1 || now.Generation == nil {
		return nil
	}
	if now.position, err = lsn(now.Position); err != nil {
		return nil
	}
	if now.CurrentAsOf != nil {
		if now.at, err = time.Parse(time.RFC3339Nano, *now.CurrentAsOf); err != nil {
			return nil
		}
	}
	return &now
}

// age fills in what is proved of the held generation.
func (snapshot *Snapshot) age(answer *Answer) (age time.Duration, known bool) {
	now := snapshot.status
	if now == nil || now.CurrentAsOf == nil || *now.Generation > answer.Generation {
		return 0, false
	}
	if now.position > snapshot.held.position { // the database was restored in between
		return 0, false
	}
	clock := time.Now
	if snapshot.Clock != nil {
		clock = snapshot.Clock
	}
	age = clock().Add(time.Duration(now.ClockOffset) * time.Millisecond).Sub(now.at)
	if age < 0 {
		age = 0
	}
	seconds := age.Seconds()
	answer.AgeSeconds, answer.CurrentAsOf = &seconds, now.CurrentAsOf
	return age, true
}

func lsn(text string) (uint64, error) {
	var high, low uint64
	if _, err := fmt.Sscanf(text, "%X/%X", &high, &low); err != nil {
		return 0, err
	}
	return high<<32 + low, nil
}

// Query asks the database and gives the rows as JSON.
type Query func() (json.RawMessage, error)

// DatabaseFirst leaves the database alone for Pause after a failure, so that not every read waits for it.
type DatabaseFirst struct {
	Snapshot *Snapshot
	Pause    time.Duration

	lock    sync.Mutex
	retryAt time.Time
	why     string
}

// Read asks the database, and on ErrUnreachable the snapshot. Other errors of ask are the caller's; the rest is a
// *Refused.
func (first *DatabaseFirst) Read(ask Query, table string, maxAge time.Duration) (*Answer, error) {
	if first.pausing() {
		if answer, err := first.fromSnapshot(table, maxAge); err == nil {
			return answer, nil
		} // else better late than no answer: the database may be back
	}
	rows, err := ask()
	if err == nil {
		first.note(time.Time{}, "")
		return &Answer{Source: "database", Rows: rows, AgeSeconds: new(float64)}, nil
	}
	if !errors.Is(err, ErrUnreachable) {
		return nil, err
	}
	first.note(time.Now().Add(first.Pause), err.Error())
	return first.fromSnapshot(table, maxAge)
}

func (first *DatabaseFirst) fromSnapshot(table string, maxAge time.Duration) (*Answer, error) {
	answer, err := first.Snapshot.Read(table, maxAge)
	if err == nil {
		first.lock.Lock()
		defer first.lock.Unlock()
		answer.Why = first.why
	}
	return answer, err
}

func (first *DatabaseFirst) pausing() bool {
	first.lock.Lock()
	defer first.lock.Unlock()
	return time.Now().Before(first.retryAt)
}

func (first *DatabaseFirst) note(retryAt time.Time, why string) {
	first.lock.Lock()
	defer first.lock.Unlock()
	first.retryAt, first.why = retryAt, why
}
