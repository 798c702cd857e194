#ifndef WORKER_VERSION_H_
#define WORKER_VERSION_H_

namespace muster::worker {

// Of the worker program.
inline constexpr char kVersion[] = "0.1.0";

}  // namespace muster::worker

#endif  // WORKER_VERSION_H_
