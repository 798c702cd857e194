#ifndef MUSTER_WORKER_HTTP_CONNECTION_SHARE_H_
#define MUSTER_WORKER_HTTP_CONNECTION_SHARE_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "muster/loop/event_loop.h"
#include "muster/worker/http/input/connection_settings.h"
#include "muster/worker/http/intrusive_list.h"
#include "muster/worker/http/log/access_log.h"
#include "muster/worker/http/log/request_ids.h"
#include "muster/worker/http/message/request_parser.h"
#include "muster/worker/http/responder.h"
#include "muster/worker/http/response/date_cache.h"
#include "muster/worker/runtime/service.h"
#include "muster/worker/zone/latency_histogram.h"
#include "muster/worker/zone/request_at_hand.h"
#include "muster/worker/zone/slot_stats.h"

namespace muster::worker::http {

class Connection;

// What all connections of one service share. It outlives them and belongs to the loop's thread. The
// connection whose turn it is uses the scratch buffers, and leaves nothing in them. So a connection
// that waits needs no buffers.
struct ConnectionShare {
  static constexpr std::size_t kInputBytes = 64 * 1024;

  // Every turn of a connection begins with it. Sets the date to that of the loop's round.
  void BeginTurn() { date.Update(loop.now()); }

  Context& context;
  loop::EventLoop& loop;
  SlotStats& stats;
  Responder& responder;
  AccessLog* access_log;  // null: no log
  const ConnectionSettings settings;
  // Null: requests have no ids, since no log tells them.
  const std::unique_ptr<RequestIds> request_ids =
      access_log != nullptr && access_log->Tells(config::LogVariable::kRequestId)
          ? std::make_unique<RequestIds>()
          : nullptr;
  LatencyHistogram& latency = context.zone().latency(context.slot());
  RequestWriter request = RequestWriter(context.zone().request(context.slot()));
  DateCache date = {};
  std::optional<Service::Idle> drain = {};  // set once a drain has begun
  IntrusiveList<Connection> connections = {};

  // Scratch.
  std::unique_ptr<char[]> input = std::unique_ptr<char[]>(new char[kInputBytes]);
  std::string output = {};  // responses of this turn, in order
  // Of each response in it, when its request began.
  std::vector<loop::TimePoint> unmeasured = {};
  RequestParser parser = {};
  std::string request_id = {};  // of the request that is answered or logged; empty: it has none
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_CONNECTION_SHARE_H_
