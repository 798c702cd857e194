/* The mutex of ipc/lock/mutex.h: ipc/lock/internal/owner_lock.cc step by step, where a step is one atomic
 * instruction or one system call. Any participant may be killed before any of its
 * steps, and so may the supervisor that recovers the dead. The sleeper's recheck
 * after a second is left out: nobody is rescued by time.
 *
 * Who goes to sleep leaves a mark first, which stays. Recovery wakes only where it finds the mark.
 *
 * An owner that was told may repair, or not: then the next one is told, too. Any owner may mark the
 * mutex as not recoverable, and somebody may reset it.
 *
 * Checked: two who live never own it; who comes after an owner that died in its
 * section is told, until one has repaired; everybody who lives comes to an end.
 *
 * Mutants, each of which must be found faulty:
 *   NO_BROADCAST    recovery wakes the sleepers only if the dead one was the owner
 *   FORGET_WAITERS  who slept locks without the waiters flag
 *   BLIND_RECOVERY  recovery stores its word without comparing
 *   FORGET_DEATH    an owner that was told and has not repaired leaves the word of a free mutex
 *   POISON_FOR_ONE  who marks the mutex as not recoverable wakes one sleeper only
 *   MARK_LATE       who sleeps leaves its mark only when it is awake again
 *   LOOK_EARLY      recovery looks for the mark before it changes the word
 *   CLEAR_MARK      recovery takes the mark away when it wakes the sleepers
 */
#ifndef PARTICIPANTS
#define PARTICIPANTS 3
#endif
#ifndef DEATHS
#define DEATHS 2
#endif
#ifndef SUPERVISOR_DEATHS
#define SUPERVISOR_DEATHS 1
#endif

/* The word: the owner's number from 1, and flags. */
#define OWNER(w) ((w) & 15)
#define WAITERS 16
#define DIED 32
#define POISONED 64
#define ABANDONED (DIED | WAITERS)

/* FORGET_WAITERS takes it from those who have slept. */
#ifdef FORGET_WAITERS
#define LEFT_BEHIND 0
#else
#define LEFT_BEHIND WAITERS
#endif

byte word = 0;
bool slept = false;             /* the mark */
bool asleep[PARTICIPANTS];      /* in the kernel's queue of the word */
bool dead[PARTICIPANTS];
bool marked_dead[PARTICIPANTS]; /* in the registry */
bool finished[PARTICIPANTS];
bool inside[PARTICIPANTS];      /* in its critical section */
bool torn = false;              /* an owner died in its section, and nobody has repaired */
byte deaths_left = DEATHS;
byte supervisor_deaths_left = SUPERVISOR_DEATHS;
bool reset_left = true;

mtype = {
  /* of a participant, each named for what it does next */
  take_free, look, take, judge, take_over, flag, leave_mark, wait, sleep, enter, repair,
  mark_consistent, leave, unlock, unlock_slowly, poison, wake_one, wake_all, gone,
  /* of the supervisor */
  watch, mark, read_word, abandon, look_for_mark, broadcast
}

inline WakeAll() {
  for (each : 0 .. PARTICIPANTS - 1) { asleep[each] = false }
  each = 0
}

#define DONE_WITH_VICTIM \
  recovered[victim] = true; marked = false; held = false; seen = 0; victim = 0; at = watch
#define FINISH finished[me] = true; seen = 0; told = false; at = gone

/* After a load, or a compare-and-set that failed: what the word says. */
inline Classify() {
  if
  :: seen == 0 -> at = take
  :: seen == POISONED -> FINISH
  :: else -> at = judge
  fi
}

#if PARTICIPANTS > 2
#define NOBODY_SLEEPS !(asleep[0] || asleep[1] || asleep[2])
#define EVERYBODY_IS_DONE (DONE(0) && DONE(1) && DONE(2))
#else
#define NOBODY_SLEEPS !(asleep[0] || asleep[1])
#define EVERYBODY_IS_DONE (DONE(0) && DONE(1))
#endif
#define DONE(i) (finished[i] || dead[i])

#define AT(place) !dead[me] && at == place

active [PARTICIPANTS] proctype Participant() {
  byte me = _pid;
  byte mine = _pid + 1;
  mtype at = take_free;
  byte seen = 0;
  byte each = 0;
  bool told = false;

  do
  /* The inline Lock, and each look of the spinning after it. */
  :: d_step { AT(take_free) -> if :: word == 0 -> word = mine; at = enter :: else -> at = look fi }

  /* LockBySleeping */
  :: d_step { AT(look) -> seen = word; Classify() }
  :: d_step { AT(take) ->
       if
       :: word == 0 -> word = mine | LEFT_BEHIND; at = enter
       :: else -> seen = word; Classify()
       fi
     }
  :: d_step { AT(judge) ->
       if
       :: OWNER(seen) != 0 && !marked_dead[OWNER(seen) - 1] -> at = flag
       :: else -> at = take_over
       fi
     }
  :: d_step { AT(take_over) ->
       if
       :: word == seen -> word = mine | ABANDONED; told = true; at = enter
       :: else -> seen = word; Classify()
       fi
     }
  :: d_step { AT(flag) ->
       if
       :: seen & WAITERS -> at = (slept -> wait : leave_mark)
       :: !(seen & WAITERS) && word == seen ->
            seen = seen | WAITERS;
            word = seen;
            at = (slept -> wait : leave_mark)
       :: else -> at = look
       fi
     }
  :: d_step { AT(leave_mark) ->
#ifndef MARK_LATE
       slept = true;
#endif
       at = wait
     }
  /* FUTEX_WAIT compares and queues as one. */
  :: d_step { AT(wait) -> if :: word == seen -> asleep[me] = true; at = sleep :: else -> at = look fi }
  :: d_step { AT(sleep) && !asleep[me] -> slept = true; at = look }

  :: d_step { AT(enter) ->
       for (each : 0 .. PARTICIPANTS - 1) { assert(!inside[each] || dead[each]) }
       each = 0;
       assert(told || !torn);
       inside[me] = true;
       seen = 0;
       at = (told -> repair : leave)
     }
  :: d_step { AT(repair) -> torn = false; at = mark_consistent }
  :: d_step { AT(repair) -> at = leave }  /* it cannot, or does not know that it should */
  :: d_step { AT(mark_consistent) -> word = word & (255 - DIED); at = leave }
  :: d_step { AT(leave) -> inside[me] = false; at = unlock }
  :: d_step { AT(leave) -> inside[me] = false; at = poison }  /* nobody can repair it, it says */

  /* The inline Unlock, then the slow one. */
  :: d_step { AT(unlock) -> if :: word == mine -> word = 0; FINISH :: else -> at = unlock_slowly fi }
  :: d_step { AT(unlock_slowly) ->
       assert(OWNER(word) == mine);
       if
#ifdef FORGET_DEATH
       :: word & WAITERS -> word = 0; at = wake_one
#else
       :: word & DIED -> word = ABANDONED; at = wake_one
       :: !(word & DIED) && (word & WAITERS) -> word = 0; at = wake_one
#endif
       :: else -> word = 0; FINISH
       fi
     }
  /* MarkNotRecoverable */
  :: d_step { AT(poison) ->
       assert(OWNER(word) == mine);
       word = POISONED;
#ifdef POISON_FOR_ONE
       at = wake_one
#else
       at = wake_all
#endif
     }
  :: d_step { AT(wake_all) -> WakeAll(); FINISH }
  /* Any sleeper: the kernel's order is one of these. */
  :: d_step { AT(wake_one) && asleep[0] -> asleep[0] = false; FINISH }
  :: d_step { AT(wake_one) && asleep[1] -> asleep[1] = false; FINISH }
#if PARTICIPANTS > 2
  :: d_step { AT(wake_one) && asleep[2] -> asleep[2] = false; FINISH }
#endif
  :: d_step { AT(wake_one) && NOBODY_SLEEPS -> FINISH }

  /* SIGKILL */
  :: d_step { !dead[me] && at != gone && deaths_left > 0 ->
       dead[me] = true;
       asleep[me] = false;
       torn = torn || inside[me];
       deaths_left--;
       at = gone;
       seen = 0;
       told = false
     }
  od
}

/* Learns of a death some time after it. May be killed before any step; its successor
 * begins anew. */
active proctype Supervisor() {
  mtype at = watch;
  byte victim = 0;
  byte seen = 0;
  byte each = 0;
  bool held = false;
  bool marked = false;
  bool recovered[PARTICIPANTS];

  do
  :: d_step { at == watch && dead[0] && !recovered[0] -> victim = 0; at = mark }
  :: d_step { at == watch && dead[1] && !recovered[1] -> victim = 1; at = mark }
#if PARTICIPANTS > 2
  :: d_step { at == watch && dead[2] && !recovered[2] -> victim = 2; at = mark }
#endif
  :: d_step { at == mark ->
       marked_dead[victim] = true;
#ifdef LOOK_EARLY
       marked = slept;
#endif
       at = read_word
     }
  :: d_step { at == read_word ->
       seen = word;
       at = (OWNER(seen) == victim + 1 -> abandon : look_for_mark)
     }
  :: d_step { at == abandon ->
#ifdef BLIND_RECOVERY
       word = seen;
#endif
       if
       :: word == seen -> word = ABANDONED; held = true; at = look_for_mark
       :: else -> at = read_word
       fi
     }
  :: d_step { at == look_for_mark ->
#ifdef LOOK_EARLY
       if :: marked -> at = broadcast :: else -> DONE_WITH_VICTIM fi
#else
       if :: slept -> at = broadcast :: else -> DONE_WITH_VICTIM fi;
#endif
#ifdef CLEAR_MARK
       slept = false
#endif
     }
  :: d_step { at == broadcast ->
#ifdef NO_BROADCAST
       if :: held -> WakeAll() :: else fi;
#else
       WakeAll();
#endif
       DONE_WITH_VICTIM
     }
  :: d_step { at != watch && supervisor_deaths_left > 0 ->
       supervisor_deaths_left--;
       held = false;
       marked = false;
       seen = 0;
       victim = 0;
       at = watch
     }
  od
}

/* Anybody, at any time. That it wakes is not needed. */
active proctype Resetter() {
  do
  :: d_step { word == POISONED && reset_left -> word = ABANDONED; reset_left = false }
  od
}

/* A death must not be what everybody waits for: at any time there may be no more. */
active proctype Peace() {
  do
  :: d_step { deaths_left + supervisor_deaths_left > 0 || reset_left ->
       deaths_left = 0;
       supervisor_deaths_left = 0;
       reset_left = false
     }
  od
}

/* Nothing can move any more. */
active proctype AtTheEnd() {
  timeout -> assert(EVERYBODY_IS_DONE)
}

/* Nobody moves for ever without coming to an end. */
ltl everybody_comes_to_an_end { <> EVERYBODY_IS_DONE }
