#include "muster/master/decide/worker_state.h"

namespace muster::master {
namespace {

using Event = WorkerEvent;
using State = WorkerState;
using Step = WorkerStep;

// What the end of a process means is the same wherever it was in its life.
Transition Ended(Event event) {
  switch (event) {
    case Event::kEndedRetry:
      return {State::kBackoff, {}};
    case Event::kEndedForGood:
      return {State::kGaveUp, {}};
    default:
      return {State::kGone, {Step::kRelease}};
  }
}

Transition NextOfLiving(State state, Event event) {
  switch (event) {
    case Event::kReady:
      if (state == State::kStarting) return {State::kReady, {}};
      break;
    case Event::kServe:
      if (state == State::kReady) return {State::kServing, {Step::kSendServe}};
      break;
    case Event::kDrain:
      return {State::kDraining, {Step::kSendDrain}};
    case Event::kQuit:
      return {State::kDraining, {Step::kSendQuit}};
    case Event::kStop:
      return {State::kStopping, {Step::kSendTerminate}};
    case Event::kKill:
      return {State::kStopping, {Step::kKill}};
    case Event::kOverdue:
      if (state == State::kStarting) return {State::kStopping, {Step::kKill}};
      break;
    case Event::kEnded:
    case Event::kEndedRetry:
    case Event::kEndedForGood:
      return Ended(event);
    case Event::kRetry:
      break;
  }
  return {state, {}};
}

Transition NextOfDraining(Event event) {
  switch (event) {
    case Event::kQuit:
      // Those who drain for a successor learn that there is none any more.
      return {State::kDraining, {Step::kSendQuit}};
    case Event::kStop:
      return {State::kStopping, {Step::kSendTerminate}};
    case Event::kKill:
    case Event::kOverdue:
      return {State::kStopping, {Step::kKill}};
    case Event::kEnded:
    case Event::kEndedRetry:
    case Event::kEndedForGood:
      return {State::kGone, {Step::kRelease}};
    case Event::kReady:
    case Event::kServe:
    case Event::kDrain:
    case Event::kRetry:
      break;
  }
  return {State::kDraining, {}};
}

Transition NextOfStopping(Event event) {
  switch (event) {
    case Event::kEnded:
    case Event::kEndedRetry:
    case Event::kEndedForGood:
      return Ended(event);
    case Event::kKill:
      return {State::kStopping, {Step::kKill}};
    case Event::kReady:
    case Event::kServe:
    case Event::kDrain:
    case Event::kQuit:
    case Event::kStop:
    case Event::kOverdue:
    case Event::kRetry:
      break;
  }
  return {State::kStopping, {}};
}

// Backoff and gave-up: no process.
Transition NextOfIdle(State state, Event event) {
  switch (event) {
    case Event::kDrain:
    case Event::kQuit:
    case Event::kStop:
    case Event::kKill:
      return {State::kGone, {Step::kRelease}};
    case Event::kRetry:
      if (state == State::kBackoff) return {State::kStarting, {Step::kSpawn}};
      break;
    case Event::kReady:
    case Event::kServe:
    case Event::kOverdue:
    case Event::kEnded:
    case Event::kEndedRetry:
    case Event::kEndedForGood:
      break;
  }
  return {state, {}};
}

}  // namespace

Transition Next(WorkerState state, WorkerEvent event) {
  switch (state) {
    case State::kStarting:
    case State::kReady:
    case State::kServing:
      return NextOfLiving(state, event);
    case State::kDraining:
      return NextOfDraining(event);
    case State::kStopping:
      return NextOfStopping(event);
    case State::kBackoff:
    case State::kGaveUp:
      return NextOfIdle(state, event);
    case State::kGone:
      break;
  }
  return {state, {}};
}

bool HasProcess(WorkerState state) {
  switch (state) {
    case State::kStarting:
    case State::kReady:
    case State::kServing:
    case State::kDraining:
    case State::kStopping:
      return true;
    case State::kBackoff:
    case State::kGaveUp:
    case State::kGone:
      break;
  }
  return false;
}

absl::string_view WorkerStateName(WorkerState state) {
  switch (state) {
    case State::kStarting:
      return "starting";
    case State::kReady:
      return "ready";
    case State::kServing:
      return "serving";
    case State::kDraining:
      return "draining";
    case State::kStopping:
      return "stopping";
    case State::kBackoff:
      return "backoff";
    case State::kGaveUp:
      return "gave up";
    case State::kGone:
      return "gone";
  }
  return "unknown";
}

}  // namespace muster::master
