#ifndef MUSTER_WORKER_RUNTIME_CONNECTION_LEASE_H_
#define MUSTER_WORKER_RUNTIME_CONNECTION_LEASE_H_

#include <cstdint>
#include <utility>

#include "muster/ipc/lock/counter.h"

namespace muster::worker {

class ConnectionLease;

// The number of connections that one worker holds: the number of its leases. Must outlive them.
// Belongs to the loop's thread.
class ConnectionCount {
 public:
  // `active` is the gauge in shared memory that shows the number to other processes. It must
  // outlive this.
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

// Counts one connection of a worker, from its making (ConnectionCount::Take) until it is released
// or destroyed. Move-only. An empty lease counts nothing. Belongs to the loop's thread.
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

  // Stops counting now. The lease is empty afterwards.
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
