#ifndef MUSTER_TESTS_CHAOS_LEDGER_H_
#define MUSTER_TESTS_CHAOS_LEDGER_H_

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace muster::tests::chaos {

// The account of the clients' connections: who held each, and why it may have been closed. It looks
// at nothing itself and reads no clock. Connections are numbers that are not used again.
class Ledger {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Connection = std::uint64_t;

  // Why connections may be closed, from a time on. It fits a connection that is in `connections`,
  // or whose last holder is in `holders`, or any that was opened before `all_opened_before`.
  struct Reason {
    std::string name;
    Time from{};
    std::set<Connection> connections{};
    std::set<pid_t> holders{};
    Time all_opened_before = Time::min();
    // How many closed connections it can account for.
    std::uint64_t at_most = ~std::uint64_t{0};
  };

  struct Closing {
    Connection connection = 0;
    Time at{};
    // Of the last look at which anybody held it; empty: nobody ever did.
    std::set<pid_t> holders{};
  };

  void NoteOpened(Connection connection, Time at);
  // Which processes have a descriptor of the connection. A connection that is on its way between
  // two has none; the holders of before count on.
  void NoteHolders(Connection connection, const std::set<pid_t>& holders);
  // The server closed it.
  void NoteClosed(Connection connection, Time at);
  // The client closed it: nothing to account for.
  void Forget(Connection connection) { open_.erase(connection); }

  void Add(Reason reason) { reasons_.push_back(std::move(reason)); }

  // Gives every closed connection its reason. Returns those that have none; each is returned once.
  std::vector<Closing> Settle();

  // Who holds a connection that is open, and who held it before: an answer may have come from
  // the latter. Empty: nobody yet.
  std::set<pid_t> HoldersOf(Connection connection) const;
  // The connections that are open and were opened before.
  std::vector<Connection> OpenedBefore(Time time) const;
  // How many connections each reason has accounted for.
  const std::map<std::string, std::uint64_t>& accounted() const { return accounted_; }

 private:
  struct Open {
    Time since{};
    std::set<pid_t> holders{};
    std::set<pid_t> holders_before{};
  };
  struct Closed {
    Closing closing;
    Time since{};
  };
  static bool Fits(const Reason& reason, const Closed& closed);

  std::map<Connection, Open> open_;
  std::vector<Closed> closed_;
  std::vector<Reason> reasons_;
  std::map<std::string, std::uint64_t> accounted_;
};

}  // namespace muster::tests::chaos

#endif  // MUSTER_TESTS_CHAOS_LEDGER_H_
