#ifndef MUSTER_WORKER_STREAM_EXCEPTION_TEXT_H_
#define MUSTER_WORKER_STREAM_EXCEPTION_TEXT_H_

#include <exception>
#include <string>

namespace muster::worker {

// What the exception says that is handled. Only within a handler of it.
inline std::string ExceptionText() {
  try {
    throw;
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "what it threw is no std::exception";
  }
}

}  // namespace muster::worker

#endif  // MUSTER_WORKER_STREAM_EXCEPTION_TEXT_H_
