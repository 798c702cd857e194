#include "muster/master/decide/decision.h"

#include <utility>

namespace muster::master {

void Decision::Do(Action action) { actions_.push_back(std::move(action)); }

void Decision::Log(Severity severity, std::string text) {
  Do(LogAction{severity, std::move(text)});
}

void Decision::Tell(Topic topic, Severity severity, std::string text, std::uint64_t generation) {
  Do(LogAction{severity, std::move(text), topic, generation});
}

void Decision::TellOfAttempt(Topic topic, Severity severity, std::string text, LoadId attempt,
                             std::uint64_t generation) {
  Do(LogAction{.severity = severity,
               .text = std::move(text),
               .topic = topic,
               .generation = generation,
               .attempt = attempt});
}

void Decision::Tell(Topic topic, Severity severity, std::string text, const WorkerRecord& worker) {
  Do(LogAction{severity, std::move(text), topic, worker.generation,
               WorkerId{worker.index, worker.slot, worker.pid, worker.last_end}});
}

void Decision::Reply(RequestId request, Outcome outcome) {
  if (request != 0) Do(ReplyAction{request, std::move(outcome)});
}

std::vector<Action> Decision::TakeActions() { return std::exchange(actions_, {}); }

}  // namespace muster::master
