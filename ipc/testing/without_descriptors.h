#ifndef MUSTER_IPC_TESTING_WITHOUT_DESCRIPTORS_H_
#define MUSTER_IPC_TESTING_WITHOUT_DESCRIPTORS_H_

#include <sys/resource.h>

namespace muster::ipc {

// As long as it lives, this process opens no descriptor: EMFILE. Aborts if the kernel refuses that.
class WithoutDescriptors {
 public:
  WithoutDescriptors();
  ~WithoutDescriptors();
  WithoutDescriptors(const WithoutDescriptors&) = delete;
  WithoutDescriptors& operator=(const WithoutDescriptors&) = delete;

 private:
  rlimit before_;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_TESTING_WITHOUT_DESCRIPTORS_H_
