#include "muster/worker/stream/stream_service.h"

#include <exception>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
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

void StreamService::Drain(Idle idle) {
  const bool is_first = !set_.drain().has_value();
  set_.set_drain(idle);
  if (is_first) {
    try {
      protocol_->OnDrain();
    } catch (const std::exception& e) {
      set_.context().Log(config::v1::Log::ERROR,
                         absl::StrCat("Protocol::OnDrain threw: ", e.what()));
    }
    set_.TellDrain();
  }
  set_.WorkAll();
}

}  // namespace muster::worker
