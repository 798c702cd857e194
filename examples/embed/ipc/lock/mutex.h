#ifndef IPC_LOCK_MUTEX_H_
#define IPC_LOCK_MUTEX_H_

// This project's own, by the name that one of muster's headers has in its tree.
struct Mutex {
  int of_this_project = 1;
};

#endif  // IPC_LOCK_MUTEX_H_
