#include "muster/host/wait_note.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace muster::host {
namespace {

thread_local WaitBoard* board_of_this_thread = nullptr;

}  // namespace

std::string WaitBoard::text() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return text_;
}

void WaitBoard::Attach(WaitBoard& board) { board_of_this_thread = &board; }

std::string WaitBoard::Exchange(std::string text) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return std::exchange(text_, std::move(text));
}

WaitNote::WaitNote(absl::string_view what, absl::string_view which) : board_(board_of_this_thread) {
  if (board_ != nullptr) outer_ = board_->Exchange(absl::StrCat(what, " ", which));
}

WaitNote::~WaitNote() {
  if (board_ != nullptr) board_->Exchange(std::move(outer_));
}

}  // namespace muster::host
