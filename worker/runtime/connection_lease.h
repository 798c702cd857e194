#ifndef MUSTER_WORKER_RUNTIME_CONNECTION_LEASE_H_
#define MUSTER_WORKER_RUNTIME_CONNECTION_LEASE_H_

#include <cstdint>
#include <utility>

#include "muster/ipc/lock/counter.h"

namespace muster::worker {

class ConnectionLease;

// How many connections one worker holds. Outlives its leases; belongs to the loop's thread.
class ConnectionCount {
 public:
  // `active` is the gauge that tells other processes the same.
  explicit ConnectionCount(ipc::Gauge& active) : active_(active) {}
  ConnectionCount(const ConnectionCount&) = delete;
  ConnectionCount& operator=(const ConnectionCount&) = delete;

  ConnectionLease Take();
  std::uint32_t held() const { return held_; }

 private:
  friend class ConnectionLease;
  void Add() {
    ++held_;
    active_.Add();
  }
  void Subtract() {
    --held_;
    active_.Subtract();
  }

  ipc::Gauge& active_;
  std::uint32_t held_ = 0;
};

// Stands for one connection in the count of its worker, from its making to its
// destruction. An empty one stands for none.
class ConnectionLease {
 public:
  ConnectionLease() = default;
  ConnectionLease(ConnectionLease&& other) noexcept
      : count_(std::exchange(other.count_, nullptr)) {}
  ConnectionLease& operator=(ConnectionLease&& other) noexcept {
    std::swap(count_, other.count_);
    other.Release();
    return *this;
  }
  ConnectionLease(const ConnectionLease&) = delete;
  ConnectionLease& operator=(const ConnectionLease&) = delete;
  ~ConnectionLease() { Release(); }

  // Gives it back now.
  void Release() {
    if (count_ != nullptr) std::exchange(count_, nullptr)->Subtract();
  }

 private:
  friend class ConnectionCount;
  explicit ConnectionLease(ConnectionCount* count) : count_(count) { count_->Add(); }

  ConnectionCount* count_ = nullptr;
};

inline ConnectionLease ConnectionCount::Take() { return ConnectionLease(this); }

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_CONNECTION_LEASE_H_
