package main

import (
	"fmt"
	"sync"
	"time"

	"example.com/goplugin/generated"
	"github.com/golang/protobuf/ptypes"
)

// questions is how often an operation is asked for its progress before it is completed.
const questions = 3

// operations go on after the call that began them. What becomes of one is said by the annotation `example.com/outcome`:
// `fails`, `hangs` (until it is cancelled), or nothing for one that goes well. Of `nameless` and `stubborn` ones the answer
// that tells of them names no item; those that are stubborn cannot be cancelled.
type operations struct {
	mutex sync.Mutex
	begun map[string]*operation
}

type operation struct {
	item, outcome string
	asked         int64
	isCancelled   bool
	started       time.Time
}

func newOperations() *operations { return &operations{begun: map[string]*operation{}} }

func (o *operations) begin(item object) string {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	id := fmt.Sprintf("operation-%d", len(o.begun)+1)
	name := item.metadata("namespace") + "/" + item.metadata("name")
	o.begun[id] = &operation{item: name, outcome: item.annotation("example.com/outcome"), started: time.Now()}
	logger.Info("operation begins", "operation", id, "item", name)
	return id
}

// answer is the text of an item whose operation was begun.
func (o *operations) answer(item object) ([]byte, error) {
	switch item.annotation("example.com/outcome") {
	case "nameless", "stubborn":
		delete(item.child("metadata"), "name")
	}
	return item.text()
}

func (o *operations) named(id string) (*operation, error) {
	if known := o.begun[id]; known != nil {
		return known, nil
	}
	return nil, fail("there is no operation %q", id)
}

func (o *operations) progress(id string) (*generated.OperationProgress, error) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	operation, err := o.named(id)
	if err != nil {
		return nil, err
	}
	operation.asked++
	progress := &generated.OperationProgress{
		NCompleted: operation.asked, NTotal: questions, OperationUnits: "questions", Description: operation.item,
		Completed: operation.isCancelled || operation.outcome != "hangs" && operation.asked >= questions,
	}
	if progress.Started, err = ptypes.TimestampProto(operation.started); err != nil {
		return nil, err
	}
	progress.Updated = ptypes.TimestampNow()
	switch {
	case !progress.Completed:
	case operation.isCancelled:
		progress.Err = "it was cancelled"
	case operation.outcome == "fails":
		progress.Err = "the disk is full"
	default:
		logger.Info("operation is completed", "operation", id, "item", operation.item, "asked", operation.asked)
	}
	return progress, nil
}

func (o *operations) cancel(id string) error {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	operation, err := o.named(id)
	if err != nil {
		return err
	}
	if operation.outcome == "stubborn" {
		return fail("%s is stubborn", id)
	}
	operation.isCancelled = true
	logger.Warn("operation is cancelled", "operation", id, "item", operation.item)
	return nil
}
