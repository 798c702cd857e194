#include "muster/worker/stream/stream_service.h"

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/worker/stream/exception_text.h"
#include "muster/worker/stream/stream_state.h"

namespace muster::worker {

void StreamService::OnConnection(Connection connection) {
  std::unique_ptr<Stream> made(new Stream(set_, std::move(connection)));
  Stream& stream = *made;
  set_.Add(std::move(made));
  stream.Begin();
}

absl::Status StreamService::Adopt(Connection connection, std::string state) {
  MUSTER_ASSIGN_OR_RETURN(StreamState saved, StreamState::Parse(state));
  std::unique_ptr<Stream> made(new Stream(set_, std::move(connection)));
  Stream& stream = *made;
  set_.Add(std::move(made));
  const absl::Status status = stream.Restore(std::move(saved));
  if (status.ok()) {
    stream.Work();
  } else {
    set_.Remove(stream).reset();
  }
  return status;
}

absl::Status StreamService::Reopen() {
  try {
    return protocol_->Reopen();
  } catch (...) {
    return absl::InternalError(absl::StrCat("Protocol::Reopen: ", ExceptionText()));
  }
}

void StreamService::Drain(Idle idle) {
  const bool is_first = !set_.drain().has_value();
  set_.set_drain(idle);
  if (is_first) {
    try {
      protocol_->OnDrain();
    } catch (...) {
      set_.context().Log(config::v1::Log::ERROR,
                         absl::StrCat("an exception: Protocol::OnDrain: ", ExceptionText()));
    }
    set_.TellDrain();
  }
  set_.WorkAll();
}

}  // namespace muster::worker
