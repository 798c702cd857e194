#include "muster/master/listen/socket_choice.h"

namespace muster::master {
namespace {

bool HasAnyPort(const WantedSocket& wanted) {
  return !wanted.address.is_unix() && wanted.address.port() == 0;
}

// One that was passed only where the address itself has a socket already: nothing is to be bound.
bool MayBeWithin(const PresentSocket& present, const WantedSocket& wanted,
                 const SocketChoice::Fate& fate) {
  if (present.user != SocketUser::kNobody) return present.user == wanted.user;
  return wanted.user == SocketUser::kService && fate.kept.has_value();
}

}  // namespace

bool Fits(const PresentSocket& present, const WantedSocket& wanted) {
  if (present.user != wanted.user && present.user != SocketUser::kNobody) return false;
  if (present.file.has_value()) return present.file == wanted.file;
  return wanted.address == present.bound || wanted.address == present.wanted;
}

SocketChoice ChooseSockets(const std::vector<WantedSocket>& wanted,
                           const std::vector<PresentSocket>& present) {
  SocketChoice choice;
  choice.fates.resize(wanted.size());
  std::vector<bool> is_kept(present.size());
  // Those of port 0 get what no other asks for.
  for (const bool any_port : {false, true}) {
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (HasAnyPort(wanted[i]) != any_port) continue;
      for (std::size_t at = 0; at < present.size() && !choice.fates[i].kept.has_value(); ++at) {
        if (is_kept[at] || !Fits(present[at], wanted[i])) continue;
        choice.fates[i].kept = at;
        is_kept[at] = true;
      }
    }
  }
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    SocketChoice::Fate& fate = choice.fates[i];
    for (std::size_t at = 0; at < present.size(); ++at) {
      if (!MayBeWithin(present[at], wanted[i], fate)) continue;
      const bool overlaps =
          !present[at].file.has_value() && wanted[i].address.Overlaps(present[at].bound);
      if (overlaps && !fate.kept.has_value()) fate.is_beside = true;
      if (is_kept[at] || !wanted[i].address.Includes(present[at].bound)) continue;
      fate.within.push_back(at);
      is_kept[at] = true;
    }
  }
  for (std::size_t at = 0; at < present.size(); ++at) {
    if (!is_kept[at]) choice.dropped.push_back(at);
  }
  return choice;
}

}  // namespace muster::master
