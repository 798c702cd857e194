#include "muster/master/decide/decision.h"

#include <utility>

namespace muster::master {

void Decision::Do(Action action) { actions_.push_back(std::move(action)); }

void Decision::Log(Severity severity, std::string text) {
  Do(LogAction{severity, std::move(text)});
}

void Decision::Reply(RequestId request, Outcome outcome) {
  if (request != 0) Do(ReplyAction{request, std::move(outcome)});
}

std::vector<Action> Decision::TakeActions() { return std::exchange(actions_, {}); }

}  // namespace muster::master
