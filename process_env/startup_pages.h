#ifndef MUSTER_PROCESS_ENV_STARTUP_PAGES_H_
#define MUSTER_PROCESS_ENV_STARTUP_PAGES_H_

namespace muster::process_env {

// Gives back the memory of code and constants of the program and its libraries, most of which only
// the start needed: parsing, linking, set-up. The pages stay in the page cache, where the kernel
// may reclaim those that no process uses. A page that is used again returns by a minor fault, 64
// KiB at a time. Writable pages stay, relocated ones included. Breakpoints that a debugger has set
// are lost. May be called from any thread; other threads only have such faults too.
void ReleaseStartupPages();

}  // namespace muster::process_env

#endif  // MUSTER_PROCESS_ENV_STARTUP_PAGES_H_
