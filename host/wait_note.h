#ifndef MUSTER_HOST_WAIT_NOTE_H_
#define MUSTER_HOST_WAIT_NOTE_H_

#include <mutex>
#include <string>

#include "absl/strings/string_view.h"

namespace muster::host {

// What one thread may be waiting for: the thread writes notes, any thread reads them. So it can be
// told what a thread hangs in that does not come back from a system call.
class WaitBoard {
 public:
  // The innermost note, as "reading /srv/m.textproto". Empty: there is none.
  std::string text() const;

  // The calling thread's notes go to `board`, which outlives the thread. Other threads' notes go
  // nowhere.
  static void Attach(WaitBoard& board);

 private:
  friend class WaitNote;
  std::string Exchange(std::string text);

  mutable std::mutex mutex_;
  std::string text_;  // guarded by mutex_
};

// Notes for its lifetime what the calling thread is about to do, before a call that may take long:
// WaitNote note("reading", path). Does nothing in a thread without a board.
class WaitNote {
 public:
  WaitNote(absl::string_view what, absl::string_view which);
  ~WaitNote();
  WaitNote(const WaitNote&) = delete;
  WaitNote& operator=(const WaitNote&) = delete;

 private:
  WaitBoard* const board_;
  std::string outer_;  // the note before
};

}  // namespace muster::host

#endif  // MUSTER_HOST_WAIT_NOTE_H_
