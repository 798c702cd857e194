#include "ledger.h"

namespace embed {

void Ledger::Open(std::int64_t first, std::int64_t second) {
  accounts_[0].store(first, std::memory_order_release);
  accounts_[1].store(second, std::memory_order_release);
}

void Ledger::Transfer(std::int64_t amount) {
  BeginTransfer(amount);
  EndTransfer(amount);
}

void Ledger::BeginTransfer(std::int64_t amount) {
  before_[0].store(accounts_[0], std::memory_order_release);
  before_[1].store(accounts_[1], std::memory_order_release);
  is_changing_.store(1, std::memory_order_release);
  accounts_[0].store(before_[0] - amount, std::memory_order_release);
}

void Ledger::EndTransfer(std::int64_t amount) {
  accounts_[1].store(before_[1] + amount, std::memory_order_release);
  is_changing_.store(0, std::memory_order_release);
}

bool Ledger::Repair() {
  if (is_changing_ == 0) return false;
  accounts_[0].store(before_[0], std::memory_order_release);
  accounts_[1].store(before_[1], std::memory_order_release);
  is_changing_.store(0, std::memory_order_release);
  return true;
}

std::int64_t Ledger::Sum() const { return accounts_[0] + accounts_[1]; }

}  // namespace embed
