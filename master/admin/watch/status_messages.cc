#include "muster/master/admin/watch/status_messages.h"

#include "muster/master/admin/watch/bytes.h"

namespace muster::master {
namespace {

// What is another status when it has changed: all but what changes by waiting.
std::string EssenceOf(admin::v1::Status status) {
  status.mutable_master()->clear_uptime();
  for (admin::v1::Worker& worker : *status.mutable_workers()) {
    worker.clear_age();
    worker.clear_cpu_time();
    if (worker.has_request()) worker.mutable_request()->clear_age();
    if (worker.has_hung_for()) worker.mutable_hung_for()->Clear();
  }
  return status.SerializeAsString();
}

}  // namespace

void StatusMessages::Refresh() {
  const Clock::time_point now = Clock::now();
  if (version_ != 0 && now - made_at_ < kFresh) return;
  made_at_ = now;
  admin::v1::Status status = status_();
  bytes_ = std::make_shared<const grpc::ByteBuffer>(BytesOf(status));
  std::string essence = EssenceOf(std::move(status));
  if (version_ != 0 && essence == essence_) return;
  essence_ = std::move(essence);
  ++version_;
}

WatchMessage StatusMessages::After(std::uint64_t position, bool is_first) {
  Refresh();
  WatchMessage message;
  message.next = version_;
  if (is_first || position != version_) message.bytes = bytes_;
  return message;
}

}  // namespace muster::master
