#include "muster/master/admin/connection/connection_shares.h"

#include <algorithm>

namespace muster::master {

std::optional<std::string> WhoGivesUpOne(const std::map<std::string, std::size_t>& connections,
                                         const std::string& newcomer) {
  const auto most =
      std::max_element(connections.begin(), connections.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  if (most == connections.end()) return std::nullopt;
  const auto own = connections.find(newcomer);
  const std::size_t would_have = (own == connections.end() ? 0 : own->second) + 1;
  if (most->second <= would_have) return std::nullopt;
  return most->first;
}

}  // namespace muster::master
