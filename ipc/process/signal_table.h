#ifndef MUSTER_IPC_PROCESS_SIGNAL_TABLE_H_
#define MUSTER_IPC_PROCESS_SIGNAL_TABLE_H_

#include <cstddef>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"

namespace muster::ipc {

// What a process does on a signal. `Command` is an enum of the process's own, or int.
template <typename Command>
struct SignalEntry {
  int number;
  absl::string_view name;  // without SIG: "HUP"
  Command command;
};

// An immutable table of the signals that a process obeys, searched both ways:
//
//   constexpr SignalTable kSignals({
//       SignalEntry<Order>{SIGHUP, "HUP", Order::kReload},
//       SignalEntry<Order>{SIGQUIT, "QUIT", Order::kQuit},
//   });
//
// One order may have several signals; FindCommand gives the first. Pointers live
// as long as the table. Finding a number is safe in a signal handler.
template <typename Command, std::size_t kEntries>
class SignalTable {
 public:
  using Entry = SignalEntry<Command>;

  constexpr explicit SignalTable(const Entry (&entries)[kEntries]) {
    for (std::size_t i = 0; i < kEntries; ++i) entries_[i] = entries[i];
  }

  // Null: not in the table.
  constexpr const Entry* FindNumber(int number) const {
    for (const Entry& entry : entries_) {
      if (entry.number == number) return &entry;
    }
    return nullptr;
  }

  constexpr const Entry* FindCommand(Command command) const {
    for (const Entry& entry : entries_) {
      if (entry.command == command) return &entry;
    }
    return nullptr;
  }

  // By "HUP", "SIGHUP", "sighup" or "1".
  const Entry* FindName(absl::string_view text) const {
    int number = 0;
    if (absl::SimpleAtoi(text, &number)) return FindNumber(number);
    if (absl::StartsWithIgnoreCase(text, "SIG")) text.remove_prefix(3);
    for (const Entry& entry : entries_) {
      if (absl::EqualsIgnoreCase(entry.name, text)) return &entry;
    }
    return nullptr;
  }

  constexpr const Entry* begin() const { return entries_; }
  constexpr const Entry* end() const { return entries_ + kEntries; }
  constexpr std::size_t size() const { return kEntries; }

 private:
  Entry entries_[kEntries] = {};
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_PROCESS_SIGNAL_TABLE_H_
