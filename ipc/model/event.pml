/* The event of ipc/lock/event.h: Await, NotifyOne, NotifyAll and Recover step by step,
 * where a step is one atomic instruction or one system call (what lies between
 * the two is private, and so are compare-and-set loops that always succeed in the end).
 * Producers add an item each and notify; consumers take an item each. Any of them may
 * be killed before any step, and so may the supervisor that recovers the dead. The
 * sleeper's recheck after a second is left out: nobody is rescued by time.
 *
 * Who goes to sleep leaves a mark first, which stays. Recovery wakes only where it finds the mark.
 *
 * Checked: at the end nobody who lives sleeps while an item lies there.
 *
 * Mutants, each of which must be found faulty:
 *   NO_BROADCAST    recovery wakes nobody
 *   NO_SECOND_LOOK  a consumer does not look at the condition again after arming
 *   DISARM_FOR_ONE  NotifyOne takes the flag away though others may sleep on
 *   MARK_LATE       who sleeps leaves its mark only when it is awake again
 *   LOOK_EARLY      recovery looks for the mark before it changes the word
 *   CLEAR_MARK      recovery takes the mark away when it wakes the sleepers
 */
#ifndef PRODUCERS
#define PRODUCERS 2
#endif
#ifndef CONSUMERS
#define CONSUMERS 2
#endif
#ifndef DEATHS
#define DEATHS 2
#endif
#ifndef SUPERVISOR_DEATHS
#define SUPERVISOR_DEATHS 1
#endif
#define PEOPLE (PRODUCERS + CONSUMERS)

/* The word: bit 0 says that somebody may sleep, the rest counts notifications. */
#define ARMED 1
#define ONE 2

byte word = 0;
byte added = 0;
byte taken = 0;
bool slept = false;     /* the mark */
bool asleep[CONSUMERS];
bool dead[PEOPLE];      /* producers first */
bool ended[PEOPLE];     /* done or dead */
bool recovered[PEOPLE];
byte deaths_left = DEATHS;
byte supervisor_deaths_left = SUPERVISOR_DEATHS;

mtype = {
  /* of a producer, each named for what it does next */
  add, look_at_flag, count_one, wake_one, disarm, wake_all,
  /* of a consumer */
  look, arm, look_again, compare, leave_mark, wait, sleep,
  /* of the supervisor */
  watch, look_early, recover, look_for_mark, broadcast,
  gone
}

inline WakeAll() {
  for (each : 0 .. CONSUMERS - 1) { asleep[each] = false }
  each = 0
}

#if CONSUMERS > 2
#define NOBODY_SLEEPS !(asleep[0] || asleep[1] || asleep[2])
#else
#define NOBODY_SLEEPS !(asleep[0] || asleep[1])
#endif
#ifdef LOOK_EARLY
#define FIRST look_early
#else
#define FIRST recover
#endif
#define DONE_WITH_VICTIM recovered[victim] = true; victim = 0; marked = false; at = watch
#define DISARMED ((word + ONE) & 254)
#define FINISH ended[me] = true; at = gone
#define AT(place) !dead[me] && at == place

/* SIGKILL */
#define MAY_DIE !ended[me] && deaths_left > 0

active [PRODUCERS] proctype Producer() {
  byte me = _pid;
  mtype at = add;
  byte each = 0;

  do
  :: d_step { AT(add) -> added++; at = look_at_flag }
  /* NotifyOne or NotifyAll. */
  :: d_step { AT(look_at_flag) -> if :: word & ARMED -> at = count_one :: else -> FINISH fi }
  :: d_step { AT(look_at_flag) -> if :: word & ARMED -> at = disarm :: else -> FINISH fi }
  :: d_step { AT(count_one) ->
#ifdef DISARM_FOR_ONE
       word = DISARMED;
#else
       word = word + ONE;
#endif
       at = wake_one
     }
  /* Any sleeper: the kernel's order is one of these. */
  :: d_step { AT(wake_one) && asleep[0] -> asleep[0] = false; FINISH }
  :: d_step { AT(wake_one) && asleep[1] -> asleep[1] = false; FINISH }
#if CONSUMERS > 2
  :: d_step { AT(wake_one) && asleep[2] -> asleep[2] = false; FINISH }
#endif
  :: d_step { AT(wake_one) && NOBODY_SLEEPS -> at = disarm }
  :: d_step { AT(disarm) -> word = DISARMED; at = wake_all }
  :: d_step { AT(wake_all) -> WakeAll(); FINISH }
  :: d_step { MAY_DIE -> dead[me] = true; deaths_left--; FINISH }
  od
}

active [CONSUMERS] proctype Consumer() {
  byte me = _pid;
  mtype at = look;
  byte ticket = 0;

  do
  :: d_step { AT(look) -> if :: taken < added -> taken++; ticket = 0; FINISH :: else -> at = arm fi }
  :: d_step { AT(arm) -> word = word | ARMED; ticket = word; at = look_again }
  :: d_step { AT(look_again) ->
#ifdef NO_SECOND_LOOK
       at = compare
#else
       if :: taken < added -> taken++; ticket = 0; FINISH :: else -> at = compare fi
#endif
     }
  :: d_step { AT(compare) -> at = (word != ticket -> look : (slept -> wait : leave_mark)) }
  :: d_step { AT(leave_mark) ->
#ifndef MARK_LATE
       slept = true;
#endif
       at = wait
     }
  /* FUTEX_WAIT compares and queues as one. */
  :: d_step { AT(wait) ->
       if :: word == ticket -> asleep[me - PRODUCERS] = true; at = sleep :: else -> at = look fi
     }
  :: d_step { AT(sleep) && !asleep[me - PRODUCERS] -> slept = true; ticket = 0; at = look }
  :: d_step { MAY_DIE ->
       dead[me] = true;
       asleep[me - PRODUCERS] = false;
       deaths_left--;
       ticket = 0;
       FINISH
     }
  od
}

/* Learns of a death some time after it. May be killed before any step; its successor
 * begins anew. */
active proctype Supervisor() {
  mtype at = watch;
  byte victim = 0;
  byte each = 0;
  bool marked = false;

  do
  :: d_step { at == watch && dead[0] && !recovered[0] -> victim = 0; at = FIRST }
  :: d_step { at == watch && dead[1] && !recovered[1] -> victim = 1; at = FIRST }
  :: d_step { at == watch && dead[2] && !recovered[2] -> victim = 2; at = FIRST }
  :: d_step { at == watch && dead[3] && !recovered[3] -> victim = 3; at = FIRST }
#if PRODUCERS + CONSUMERS > 4
  :: d_step { at == watch && dead[4] && !recovered[4] -> victim = 4; at = FIRST }
#endif
#ifdef LOOK_EARLY
  :: d_step { at == look_early -> marked = slept; at = recover }
#endif
  :: d_step { at == recover -> word = DISARMED; at = look_for_mark }
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
#ifndef NO_BROADCAST
       WakeAll();
#endif
       DONE_WITH_VICTIM
     }
  :: d_step { at != watch && supervisor_deaths_left > 0 ->
       supervisor_deaths_left--;
       marked = false;
       at = watch
     }
  od
}

/* A death must not be what everybody waits for: at any time there may be no more. */
active proctype Peace() {
  do
  :: d_step { deaths_left + supervisor_deaths_left > 0 ->
       deaths_left = 0;
       supervisor_deaths_left = 0
     }
  od
}

/* Producers are pids 0 .. PRODUCERS - 1, consumers follow. */
#define WAITS_FOR_NOTHING(i) (!ended[i] && taken < added)
#if PRODUCERS + CONSUMERS > 4
#define SOMEBODY_MISSED_IT \
  (WAITS_FOR_NOTHING(2) || WAITS_FOR_NOTHING(3) || WAITS_FOR_NOTHING(4))
#else
#define SOMEBODY_MISSED_IT (WAITS_FOR_NOTHING(2) || WAITS_FOR_NOTHING(3))
#endif
#define SETTLED (ended[0] && ended[1] && !SOMEBODY_MISSED_IT)

/* Nothing can move any more. */
active proctype AtTheEnd() {
  timeout -> assert(SETTLED)
}

/* Nobody moves for ever without that. */
ltl it_settles { <> [] SETTLED }
