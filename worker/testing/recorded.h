#ifndef MUSTER_WORKER_TESTING_RECORDED_H_
#define MUSTER_WORKER_TESTING_RECORDED_H_

#include <string>

namespace muster::worker::testing {

// The bytes of a recorded sample: a file of hexadecimal numbers, in which lines with # are
// comments. Aborts the test if there is no such file.
std::string ReadRecorded(const std::string& path);

}  // namespace muster::worker::testing

#endif  // MUSTER_WORKER_TESTING_RECORDED_H_
