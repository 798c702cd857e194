#include "muster/worker/runtime/drain.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/proto/config.pb.h"
#include "muster/proto/counted.h"

namespace muster::worker {

Drain::Drain(const Surroundings& surroundings, loop::Clock::duration shutdown_timeout,
             std::function<void()> begun)
    : around_(surroundings),
      shutdown_timeout_(shutdown_timeout),
      begun_(std::move(begun)),
      deadline_(surroundings.timers, [this] { OnDeadline(); }) {}

void Drain::Begin(Service::Idle idle) {
  const bool had_begun = has_begun();
  if (had_begun && (idle == *idle_ || idle == Service::Idle::kHandOff)) return;
  idle_ = idle;
  const bool is_quit = idle == Service::Idle::kClose;
  if (!had_begun) {
    begun_();
    deadline_.SetAfter(shutdown_timeout_);
  }
  if (is_quit) {
    around_.handoff.StartTakingAll();
    around_.acceptor.Stop(std::nullopt);
    around_.admission.Finish();
  } else {
    around_.handoff.StartGiving();
    around_.acceptor.Stop(Successors());
    around_.admission.GiveAway(Successors());
  }
  around_.service.Drain(idle);
  if (is_quit) {
    around_.handoff.TakeBack();
  } else if (const std::uint32_t kept = around_.handoff.kept(); kept > 0) {
    around_.log.Write(config::v1::Log::WARN,
                      absl::StrCat("the workers that serve have no room for ",
                                   config::Counted(kept, "connection"),
                                   " of this one; it serves on, at most until shutdown_timeout"));
  }
}

Admission::Successors Drain::Successors() {
  return {.have_room = [this] { return around_.handoff.HasRoom(); },
          .take =
              [this](Connection connection, std::string state) {
                connection.is_fresh = true;
                around_.handoff.Give(std::move(connection), std::move(state));
              }};
}

void Drain::OnHandoffRoom() {
  around_.admission.GiveAway(Successors());
  around_.service.OnHandoffRoom();
}

void Drain::AfterRound() {
  if (has_begun() && HasNoClient()) around_.threads.CloseForClients();
}

void Drain::OnDeadline() {
  const std::uint32_t held = around_.connections.held();
  const StatsValues now = ReadStats(around_.stats);
  around_.stats.closed_at_deadline.Add(held);
  around_.status.requests_cut.Set(static_cast<std::int64_t>(now.reading + now.writing));
  std::string line = absl::StrCat("shutdown_timeout was reached; connections closed: ", held);
  if (const std::size_t tasks = around_.threads.load().unfinished; tasks > 0) {
    absl::StrAppend(&line, "; tasks cancelled: ", tasks);
  }
  around_.log.Write(config::v1::Log::WARN, line);
  is_deadline_over_ = true;
}

}  // namespace muster::worker
