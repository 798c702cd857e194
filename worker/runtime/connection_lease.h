#ifndef MUSTER_WORKER_RUNTIME_CONNECTION_LEASE_H_
#define MUSTER_WORKER_RUNTIME_CONNECTION_LEASE_H_

#include <cstdint>
#include <utility>

#include "muster/ipc/lock/counter.h"
#include "muster/worker/origin/client_counts.h"
#include "muster/worker/origin/origin.h"

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

  // From now on leases count their clients, too, in `clients`, which outlives them. At most once,
  // and before the first lease.
  void CountClients(ClientCounts& clients) { clients_ = &clients; }
  // Null: clients are not counted.
  const ClientCounts* clients() const { return clients_; }

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
  ClientCounts* clients_ = nullptr;
  std::uint32_t held_ = 0;
};

// Counts one connection of a worker, from its making (ConnectionCount::Take) until it is released
// or destroyed, and its client from SetClient on. Move-only. An empty lease counts nothing. Belongs
// to the loop's thread.
class ConnectionLease {
 public:
  ConnectionLease() = default;
  ConnectionLease(ConnectionLease&& other) noexcept
      : count_(std::exchange(other.count_, nullptr)),
        client_(std::exchange(other.client_, nullptr)) {}
  ConnectionLease& operator=(ConnectionLease&& other) noexcept {
    std::swap(count_, other.count_);
    std::swap(client_, other.client_);
    other.Release();
    return *this;
  }
  ConnectionLease(const ConnectionLease&) = delete;
  ConnectionLease& operator=(const ConnectionLease&) = delete;
  ~ConnectionLease() { Release(); }

  // Whose connection it is, in place of the client before. Does nothing if the worker does not
  // count its clients.
  void SetClient(const Origin& origin) {
    if (count_ == nullptr || count_->clients_ == nullptr) return;
    ClientCounts::Entry* const client = count_->clients_->Add(origin);
    DropClient();
    client_ = client;
  }

  // Stops counting now. The lease is empty afterwards.
  void Release() {
    DropClient();
    if (count_ != nullptr) std::exchange(count_, nullptr)->Subtract();
  }

 private:
  friend class ConnectionCount;
  explicit ConnectionLease(ConnectionCount* count) : count_(count) { count_->Add(); }
  void DropClient() {
    if (client_ != nullptr) count_->clients_->Subtract(std::exchange(client_, nullptr));
  }

  ConnectionCount* count_ = nullptr;
  ClientCounts::Entry* client_ = nullptr;
};

inline ConnectionLease ConnectionCount::Take() { return ConnectionLease(this); }

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_CONNECTION_LEASE_H_
