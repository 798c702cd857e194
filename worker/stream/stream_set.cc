#include "muster/worker/stream/stream_set.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "muster/proto/counted.h"
#include "muster/worker/stream/stream.h"

namespace muster::worker {
namespace {

std::string CountLine(const LineThrottle::Count& count) {
  return absl::StrCat(config::Counted(count.lines, "more client"),
                      count.lines == 1 ? " was " : " were ", count.kind);
}

}  // namespace

StreamSet::StreamSet(Context& context, Protocol& protocol)
    : context_(context),
      loop_(context.loop()),
      protocol_(protocol),
      settings_(StreamSettings::From(context.config().stream())),
      log_(context, CountLine) {}

// One after the other: a session that goes may still ask of the set.
StreamSet::~StreamSet() {
  while (!streams_.empty()) Remove(*streams_.begin()->first).reset();
}

void StreamSet::Add(std::unique_ptr<Stream> stream) {
  Stream* const key = stream.get();
  streams_.emplace(key, std::move(stream));
}

std::unique_ptr<Stream> StreamSet::Remove(Stream& stream) {
  stream.place_.Leave();
  const auto found = streams_.find(&stream);
  if (found == streams_.end()) return nullptr;
  std::unique_ptr<Stream> removed = std::move(found->second);
  streams_.erase(found);
  return removed;
}

void StreamSet::WorkAll() {
  for (const auto& [stream, owned] : streams_) stream->Enqueue();
  RunQueued();
}

void StreamSet::TellDrain() {
  std::vector<Stream*> streams;
  for (const auto& [stream, owned] : streams_) streams.push_back(stream);
  // None of them goes before the next round.
  for (Stream* stream : streams) stream->TellDrain();
}

void StreamSet::Enqueue(Stream& stream) {
  queued_.Push(stream.place_);
  if (std::exchange(is_run_posted_, true)) return;
  context_.Post([this] {
    is_run_posted_ = false;
    RunQueued();
  });
}

void StreamSet::RunQueued() {
  if (std::exchange(is_running_, true)) return;
  running_.Append(queued_);
  // A turn may remove any of them.
  while (Stream* const stream = running_.Pop()) stream->Work();
  is_running_ = false;
}

void StreamSet::AwaitRoom(Stream& stream) { await_room_.Push(stream.place_); }

void StreamSet::AwaitLongerStates(Stream& stream, std::size_t limit_bytes) {
  refused_limit_bytes_ =
      await_longer_states_.empty() ? limit_bytes : std::min(refused_limit_bytes_, limit_bytes);
  await_longer_states_.Push(stream.place_);
}

void StreamSet::OnHandoffRoom() {
  if (!await_longer_states_.empty() && context_.MostHandoffStateBytes() > refused_limit_bytes_) {
    while (Stream* const stream = await_longer_states_.Pop()) stream->Enqueue();
    RunQueued();
  }
  // Those for whom there is room, and no other.
  while (!await_room_.empty() && context_.HasHandoffRoom()) await_room_.Pop()->Work();
}

void StreamSet::Bury(Stream& stream) {
  if (over_.empty()) context_.Post([this] { BuryAll(); });
  over_.Push(stream.place_);
}

void StreamSet::BuryAll() {
  StreamQueue over;
  over.Append(over_);
  while (Stream* const stream = over.Pop()) {
    stream->TellEnd();
    Remove(*stream).reset();
  }
}

bool StreamSet::CloseLargest() {
  const auto largest =
      std::max_element(streams_.begin(), streams_.end(), [](const auto& a, const auto& b) {
        return a.first->unsent_memory_bytes() < b.first->unsent_memory_bytes();
      });
  if (largest == streams_.end() || largest->first->unsent_memory_bytes() == 0) return false;
  Log(config::v1::Log::WARN, "closed for max_worker_unsent_bytes",
      absl::StrCat("all clients together have not taken ", unsent_bytes_, " bytes, and it has not ",
                   "taken ", largest->first->unsent_memory_bytes()));
  largest->first->End();
  return true;
}

void StreamSet::Log(config::v1::Log::Level level, absl::string_view kind,
                    absl::string_view details) {
  log_.Write(level, kind, absl::StrCat("a client is ", kind, details.empty() ? "" : ": ", details));
}

}  // namespace muster::worker
