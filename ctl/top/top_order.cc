#include "muster/ctl/top/top_order.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

// The master has taken it away already: orders about its number do not reach it.
bool IsLeaving(const v1::Worker& worker) {
  return worker.state() == v1::Worker::DRAINING || worker.state() == v1::Worker::STOPPING;
}

}  // namespace

std::string TopOrder::Text(bool doing) const {
  return absl::StrCat(change == v1::ChangeWorkerRequest::DRAIN ? "drain" : "restart",
                      doing ? "ing" : "", " worker ", number, " (generation ", generation,
                      pid == 0 ? ", no process" : absl::StrCat(", pid ", pid), ")");
}

std::string WhyNotSent(const TopOrder& order, const v1::Status& status) {
  const auto& workers = status.workers();
  const auto find = [&](const auto& is_wanted) {
    return std::find_if(workers.begin(), workers.end(), [&](const v1::Worker& worker) {
      return worker.index() == order.number && worker.generation() == order.generation &&
             is_wanted(worker);
    });
  };
  const auto meant = find([&](const v1::Worker& worker) { return worker.pid() == order.pid; });
  if (meant != workers.end()) {
    if (meant->state() == v1::Worker::DRAINING) return "it drains already";
    if (meant->state() == v1::Worker::STOPPING) return "it is being stopped already";
    const std::uint64_t serving = status.master().generation();
    return order.generation == serving
               ? ""
               : absl::StrCat("it is not of generation ", serving, ", which serves");
  }
  const auto next = find([](const v1::Worker& worker) { return !IsLeaving(worker); });
  if (next == workers.end()) return "it has ended";
  return next->pid() == 0 ? "it has ended, and waits for its next process"
                          : absl::StrCat("it was replaced by pid ", next->pid());
}

}  // namespace muster::ctl
