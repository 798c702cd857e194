#ifndef MUSTER_WORKER_RUNTIME_ACCEPT_ADMISSION_H_
#define MUSTER_WORKER_RUNTIME_ACCEPT_ADMISSION_H_

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

#include "absl/strings/string_view.h"
#include "muster/loop/event_loop.h"
#include "muster/worker/origin/proxy_header.h"
#include "muster/worker/runtime/accept/listener_terms.h"
#include "muster/worker/runtime/accept/refusals.h"
#include "muster/worker/runtime/connection.h"
#include "muster/worker/runtime/connection_lease.h"
#include "muster/worker/runtime/error_log.h"
#include "muster/worker/runtime/service.h"
#include "muster/worker/zone/slot_stats.h"
#include "muster/worker/zone/worker_status.h"

namespace muster::worker {

// The way of a connection from the accept to the service, by the terms of its listener: who may
// come, the header of a proxy, and how many connections a client may have.
//
// A connection whose header is not complete waits here, until the header's timeout. The header is
// looked at in the socket (MSG_PEEK), and read only when it is complete, and nothing behind it. So
// a connection that waits can be given to another worker as it is. It has its lease meanwhile: it
// counts as this worker's. In the loop's thread. No call blocks.
class Admission {
 public:
  // All of it outlives this.
  struct Surroundings {
    loop::EventLoop& loop;
    const ErrorLog& log;
    const ConnectionCount& connections;
    SlotStats& stats;
    WorkerStatus& status;
    Service& service;
  };
  explicit Admission(const Surroundings& surroundings);
  // Closes those that wait.
  ~Admission();

  // Takes a connection over that was accepted by a listener with these terms. Its origin has what
  // the kernel tells, and it has its lease. The service gets it now or later, or it is closed.
  void Take(Connection connection, const std::shared_ptr<const ListenerTerms>& terms) {
    connection.origin.listener = terms->name();
    if (terms->is_plain()) return Pass(std::move(connection));
    Examine(std::move(connection), terms);
  }
  // The same of one that another process gave (kIsFresh), with the state that it had.
  void TakeFresh(Connection connection, const std::string& state);

  // Where connections go in a drain.
  struct Successors {
    std::function<bool()> have_room;
    // `state`: for the worker that takes it.
    std::function<void(Connection, std::string state)> take;
  };
  // Gives those that wait for their headers away, as many as there is room for. The others go on
  // waiting here.
  void GiveAway(const Successors& successors);
  // Nobody serves any more: from now on a connection whose header is not there is closed at once,
  // and so are those that wait.
  void Finish();

  // That wait for their headers.
  std::size_t waiting() const { return waiting_.size(); }

 private:
  class Waiting;
  // Why a connection has to leave though its header is not complete.
  enum class End { kNone, kPeerLeft, kLate };
  // What to do with a connection whose header is expected.
  struct Verdict {
    enum class Kind { kWait, kPass, kClose, kRefuse };
    Kind kind = Kind::kWait;
    ProxyHeader header = {};                       // with kPass
    Refusals::Kind why = Refusals::Kind::kHeader;  // with kRefuse
    absl::string_view detail = {};
  };

  void Examine(Connection connection, const std::shared_ptr<const ListenerTerms>& terms);
  void Pass(Connection connection) {
    connection.lease.SetClient(connection.origin);
    around_.stats.handled.Add();
    around_.service.OnConnection(std::move(connection));
  }
  // If its client may have one more.
  void PassIfFew(Connection connection, const ListenerTerms& terms);
  // Looks at what the socket has, and leaves it there.
  Verdict Judge(int socket, End end);
  ProxyHeader PeekHeader(int socket, bool* is_open, bool* has_begun);
  // Of any verdict but kWait. Nothing watches the connection any more.
  void Execute(const Verdict& verdict, Connection connection, const ListenerTerms& terms);
  void Wait(Connection connection, const std::shared_ptr<const ListenerTerms>& terms);
  // Judges one that waits. It is gone afterwards if the verdict is not kWait.
  void Look(Waiting& waiting, End end);
  std::unique_ptr<Waiting> Extract(Waiting& waiting);
  void Refuse(Refusals::Kind kind, const Connection& connection, const ListenerTerms& terms,
              absl::string_view detail = {});

  const Surroundings around_;
  Refusals refusals_;
  bool is_finished_ = false;
  std::unordered_map<Waiting*, std::unique_ptr<Waiting>> waiting_;
  std::unique_ptr<char[]> peeked_;  // made when it is needed
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_ACCEPT_ADMISSION_H_
