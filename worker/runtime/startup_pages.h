#ifndef MUSTER_WORKER_RUNTIME_STARTUP_PAGES_H_
#define MUSTER_WORKER_RUNTIME_STARTUP_PAGES_H_

namespace muster::worker {

// Unmaps the code and constants of the program and its libraries, most of which only the start
// needed: parsing, linking, set-up. They stay in the page cache, where the kernel may now reclaim
// what nobody uses; what is used comes back by a minor fault, 64 KiB at a time. Writable pages,
// relocated ones included, stay. A debugger's breakpoints that are set already are lost.
// Any thread; others only pay for their own faults.
void ReleaseStartupPages();

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_STARTUP_PAGES_H_
