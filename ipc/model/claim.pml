/* The registry of ipc/lock/registry.h with a Liveness: Claim, Leave, Reserve, SetProcess, Join,
 * IsLiveNow and a burial step by step, where a step is one atomic instruction or one system call.
 * Workers claim slots and leave, the first two as threads of one process if THREADS says so. A
 * parent reserves a slot for a child, which joins. A looker asks for whoever has a slot and buries
 * the dead. Each process may be killed before any of its steps; the kernel drops its locks then.
 * What a claimer or a reserver looks at before it takes a slot's lock is only advice, and so one
 * step; and so are the fields of the reserver, which only a holder of the lock writes.
 *
 * Assumed: nobody stands still between two steps, with a tag in hand, while a slot goes through
 * all its generations. STALL drops that, and is found faulty. Things that hold a tag may do so.
 *
 * Checked: no two who live have one tag; nobody who lives is marked dead (a child that has not
 * joined is believed while its parent lives); a child that lives is not refused while its tag is
 * reserved; no tag is given while an object has it; nobody keeps the lock of a slot that is not
 * its own; everybody comes to an end, so whoever goes on trying gets a slot.
 *
 * Mutants, each of which must be found faulty:
 *   KEEP_LOCK          the loser of a race to claim goes on with the lock of the slot
 *   NO_RECOVERY        a dead one's slot is claimed without releasing what it held
 *   BLIND_MARK         who is found dead is marked so, whether or not it has joined meanwhile
 *   RESERVE_UNLOCKED   a parent reserves without the lock of the slot
 *   TELL_UNLOCKED      a parent tells the child's process without the lock of the slot
 *   JOIN_ONCE          a child gives up when somebody has the lock of its slot
 *   CLEAR_LATE         the process of an earlier generation is wiped after the slot is taken
 *   THREADS_SHARE      a thread gets the lock of a slot that its process has
 */
#ifndef SLOTS
#define SLOTS 1
#endif
#ifndef GENERATIONS
#define GENERATIONS 2
#endif
#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif
#ifndef THREADS
#define THREADS 0
#endif
#ifndef LOOKS
#define LOOKS 1
#endif
#ifndef RESERVATIONS
#define RESERVATIONS 1
#endif
#ifndef DEATHS
#define DEATHS 2
#endif

/* Actors. Workers are 0 to 2. */
#define LOOKER 3
#define PARENT 4
#define CHILD 5
#define ACTORS 6
/* The process of an actor, from 1: as it stands in locks and in what is told. 15 is gone. */
#if THREADS
#define PROCESS(i) ((i) == 1 -> 1 : (i) + 1)
#else
#define PROCESS(i) ((i) + 1)
#endif
#define GONE 15

/* The identity of a slot: the generation, and flags. Free is neither of the last two. */
#define JOINED 8
#define LIVE 16
#define DEAD 32
#define GENERATION(w) ((w) & 7)
#define NEXT(w) ((GENERATION(w) + 1) % GENERATIONS)
#define IS_FREE(w) (((w) & (LIVE | DEAD)) == 0)
#define WITHOUT_JOINED(w) ((w) & (255 - JOINED))
#define TAG(s, w) (1 + (s) * GENERATIONS + GENERATION(w))

byte identity[SLOTS];
byte locked_by[SLOTS];     /* in the kernel: the process */
byte process[SLOTS];       /* told of the slot: who, and a mark of the generation */
byte process_mark[SLOTS];
byte reserver[SLOTS];
byte reserver_mark[SLOTS];
byte object = 0;           /* the tag of its owner */
byte next_slot = 0;

mtype = {
  /* of a worker, each named for what it does next */
  begin, peek, hold, load, judge, judge_process, judge_reserver, mark_dead, recover, free,
  clear, clear_reserver, take, tell_process, tell_mark, work, unlock, leave,
  leave_recover, leave_free, let_go,
  /* of the looker; mark_dead, recover and free are its own, too */
  ask_lock, ask_mark, ask_process, ask_reserver,
  /* of the parent */
  store_reserver, store_mark, release, spawn, tell, check, tell_release, watch,
  /* of the child */
  join, join_again,
  gone
}

/* Each actor's. Of the child, `begin` is before it is started. */
mtype at[ACTORS] = begin;
byte slot[ACTORS];
byte seen[ACTORS];
byte round[ACTORS];
byte mine[ACTORS];         /* the tag that it has, while it lives; of the parent: has reserved */
byte hand[ACTORS];         /* the tag that it is going to act on */
byte child_process = 0;    /* as the parent knows it */
byte deaths_left = DEATHS;

#define FINISH at[me] = gone; slot[me] = 0; seen[me] = 0; hand[me] = 0

#ifdef STALL
#define IN_HAND(t) false
#else
#define IN_HAND(t) (hand[LOOKER] == (t) || hand[PARENT] == (t))
#endif

/* Before a tag is given. */
#define CHECK_GIFT(t) \
  assert(object != (t) && mine[0] != (t) && mine[1] != (t) && mine[2] != (t) && mine[CHILD] != (t))

/* Its tag is reserved for a child that is not gone, by a parent that lives. */
#define BELIEVED(t) (mine[PARENT] == (t) && at[CHILD] != gone)
#define CHECK_DEATH(t) \
  assert(mine[0] != (t) && mine[1] != (t) && mine[2] != (t) && mine[CHILD] != (t) && !BELIEVED(t))

/* A lock that a process has belongs to a slot that one of its actors is busy with. */
#define BUSY_WITH(i, s) (at[i] != gone && at[i] != begin && slot[i] == (s))
#define CHECK_LOCK(s) \
  assert(locked_by[s] != PROCESS(me) || BUSY_WITH(me, s) || \
         (THREADS && me < 2 && BUSY_WITH(1 - me, s)))

#ifdef THREADS_SHARE
#define CAN_HOLD(s) (locked_by[s] == 0 || locked_by[s] == PROCESS(me))
#else
#define CAN_HOLD(s) (locked_by[s] == 0)
#endif

#define S slot[me]
#define SEEN seen[me]
#define TAG_SEEN TAG(slot[me], seen[me])
#define AT(place) at[me] == place
#define OWN_MARK (GENERATION(SEEN) + 1)
#define SAYS_LIVES(s, w) \
  (process_mark[s] == GENERATION(w) + 1 && process[s] != 0 -> process[s] != GONE : \
   reserver_mark[s] == GENERATION(w) + 1 && reserver[s] != GONE)

/* Of the living: work with the object, and Leave. */
#define WORK_AND_LEAVE \
  :: d_step { AT(work) -> \
       if :: object == 0 -> object = mine[me]; at[me] = unlock :: else -> at[me] = leave fi } \
  :: d_step { AT(unlock) -> assert(object == mine[me]); object = 0; at[me] = leave } \
  :: d_step { AT(leave) -> \
       assert(identity[S] == (LIVE | JOINED | GENERATION(SEEN))); \
       identity[S] = DEAD | GENERATION(SEEN); mine[me] = 0; at[me] = leave_recover } \
  :: d_step { AT(leave_recover) -> if :: object == TAG_SEEN -> object = 0 :: else fi; at[me] = leave_free } \
  :: d_step { AT(leave_free) -> \
       if :: identity[S] == (DEAD | GENERATION(SEEN)) -> identity[S] = GENERATION(SEEN) :: else fi; \
       at[me] = let_go }

active [WORKERS] proctype Worker() {
  byte me = _pid;

  do
  /* Claim */
  :: d_step { AT(begin) && round[me] < ROUNDS ->
       round[me]++;
       S = next_slot;
       next_slot = (next_slot + 1) % SLOTS;
       at[me] = peek
     }
  :: d_step { AT(begin) && round[me] == ROUNDS -> FINISH }
  :: d_step { AT(peek) ->
       SEEN = identity[S];
       if
#ifdef KEEP_LOCK
       :: !IS_FREE(SEEN) && locked_by[S] != 0 -> S = (S + 1) % SLOTS
#else
       :: (SEEN & LIVE) && !(SEEN & JOINED) && SAYS_LIVES(S, SEEN) -> S = (S + 1) % SLOTS; SEEN = 0
#endif
       :: else -> at[me] = hold
       fi
     }
  :: d_step { AT(hold) ->
       if
       :: CAN_HOLD(S) ->
            locked_by[S] = PROCESS(me);
#ifdef KEEP_LOCK
            at[me] = (IS_FREE(SEEN) -> clear : load)
#else
            at[me] = load
#endif
       :: else -> S = (S + 1) % SLOTS; SEEN = 0; at[me] = peek
       fi
     }
  :: d_step { AT(load) ->
       SEEN = identity[S];
       if
       :: IS_FREE(SEEN) -> at[me] = clear
       :: SEEN & DEAD -> at[me] = recover
       :: (SEEN & LIVE) && (SEEN & JOINED) -> at[me] = mark_dead
       :: else -> at[me] = judge
       fi
     }
  :: d_step { AT(judge) -> at[me] = (process_mark[S] == OWN_MARK -> judge_process : judge_reserver) }
  :: d_step { AT(judge_process) ->
       if
       :: process[S] == GONE -> at[me] = mark_dead
       :: process[S] == 0 -> at[me] = judge_reserver
       :: else -> at[me] = release
       fi
     }
  /* Whoever is reserving has the lock: it is not told of only if its reserver died. */
  :: d_step { AT(judge_reserver) ->
       at[me] = (reserver_mark[S] == OWN_MARK && reserver[S] != GONE -> release : mark_dead)
     }
  :: d_step { AT(release) -> locked_by[S] = 0; S = (S + 1) % SLOTS; SEEN = 0; at[me] = peek }
  :: d_step { AT(mark_dead) ->
       if
       :: WITHOUT_JOINED(identity[S]) == WITHOUT_JOINED(SEEN) ->
            CHECK_DEATH(TAG_SEEN);
            identity[S] = DEAD | GENERATION(SEEN)
       :: else
       fi;
       at[me] = load
     }
  :: d_step { AT(recover) ->
#ifndef NO_RECOVERY
       if :: object == TAG_SEEN -> object = 0 :: else fi;
#endif
       at[me] = free
     }
  :: d_step { AT(free) ->
       if :: identity[S] == (DEAD | GENERATION(SEEN)) -> identity[S] = GENERATION(SEEN) :: else fi;
       at[me] = load
     }
  :: d_step { AT(clear) ->
#ifndef CLEAR_LATE
       process_mark[S] = 0; process[S] = 0;
#endif
       at[me] = clear_reserver
     }
  :: d_step { AT(clear_reserver) -> reserver_mark[S] = 0; reserver[S] = 0; at[me] = take }
  :: d_step { AT(take) && !IN_HAND(TAG(S, NEXT(SEEN))) ->
       if
       :: identity[S] == SEEN ->
            SEEN = NEXT(SEEN);
            CHECK_GIFT(TAG_SEEN);
            identity[S] = LIVE | JOINED | SEEN;
            mine[me] = TAG_SEEN;
            at[me] = tell_process
#ifdef KEEP_LOCK
       :: else -> S = (S + 1) % SLOTS; at[me] = peek
#else
       :: else -> at[me] = load
#endif
       fi
     }
#ifdef CLEAR_LATE
  :: d_step { AT(tell_process) && process_mark[S] != 0 -> process_mark[S] = 0; process[S] = 0 }
  :: d_step { AT(tell_process) && process_mark[S] == 0 ->
       process[S] = PROCESS(me);
       at[me] = tell_mark
     }
#else
  :: d_step { AT(tell_process) -> process[S] = PROCESS(me); at[me] = tell_mark }
#endif
  :: d_step { AT(tell_mark) -> process_mark[S] = OWN_MARK; at[me] = work }
  WORK_AND_LEAVE
  :: d_step { AT(let_go) ->
       locked_by[S] = 0;
       at[me] = begin;
       CHECK_LOCK(0);
#if SLOTS > 1
       CHECK_LOCK(1);
#endif
       S = 0;
       SEEN = 0
     }
  od
}

/* IsLiveNow of whoever has a slot, and the burial of the dead. */
active proctype Looker() {
  byte me = LOOKER;

  do
  :: d_step { AT(begin) && round[me] == LOOKS -> FINISH }
  :: d_step { AT(begin) && round[me] < LOOKS && !IS_FREE(identity[0]) ->
       round[me]++;
       S = 0;
       SEEN = identity[S];
       hand[me] = TAG_SEEN;
       at[me] = (SEEN & DEAD -> recover : ask_lock)
     }
#if SLOTS > 1
  :: d_step { AT(begin) && round[me] < LOOKS && !IS_FREE(identity[1]) ->
       round[me]++;
       S = 1;
       SEEN = identity[S];
       hand[me] = TAG_SEEN;
       at[me] = (SEEN & DEAD -> recover : ask_lock)
     }
#endif
  /* It need not see anything. */
  :: d_step { AT(begin) && round[me] < LOOKS -> round[me]++ }
  :: d_step { AT(ask_lock) ->
       if
       :: (SEEN & JOINED) && locked_by[S] == 0 -> at[me] = mark_dead
       :: !(SEEN & JOINED) && locked_by[S] != 0 -> at[me] = let_go
       :: else -> at[me] = ask_mark
       fi
     }
  :: d_step { AT(ask_mark) ->
       if
       :: process_mark[S] == OWN_MARK -> at[me] = ask_process
       :: process_mark[S] != OWN_MARK && (SEEN & JOINED) -> at[me] = let_go
       :: else -> at[me] = ask_reserver
       fi
     }
  :: d_step { AT(ask_process) ->
       if
       :: process[S] == GONE -> at[me] = mark_dead
       :: process[S] == 0 && !(SEEN & JOINED) -> at[me] = ask_reserver
       :: else -> at[me] = let_go
       fi
     }
  :: d_step { AT(ask_reserver) ->
       at[me] = (reserver_mark[S] == OWN_MARK && reserver[S] != GONE -> let_go : mark_dead)
     }
  :: d_step { AT(mark_dead) ->
       if
#ifdef BLIND_MARK
       :: WITHOUT_JOINED(identity[S]) == WITHOUT_JOINED(SEEN) ->
#else
       :: identity[S] == SEEN ->
#endif
            CHECK_DEATH(TAG_SEEN);
            identity[S] = DEAD | GENERATION(SEEN);
            at[me] = recover
       :: else -> at[me] = let_go
       fi
     }
  :: d_step { AT(recover) -> if :: object == TAG_SEEN -> object = 0 :: else fi; at[me] = free }
  :: d_step { AT(free) ->
       if :: identity[S] == (DEAD | GENERATION(SEEN)) -> identity[S] = GENERATION(SEEN) :: else fi;
       at[me] = let_go
     }
  :: d_step { AT(let_go) -> at[me] = begin; S = 0; SEEN = 0; hand[me] = 0 }
  od
}

/* Reserve, SetProcess, and the burial of its child. What it reserves is not its own: it may find
 * the slot taken, and gives up. */
active proctype Parent() {
  byte me = PARENT;

  do
  :: d_step { AT(begin) && round[me] == RESERVATIONS ->
       FINISH;
       if :: at[CHILD] == begin -> at[CHILD] = gone :: else fi
     }
  :: d_step { AT(begin) && round[me] < RESERVATIONS -> round[me]++; S = 0; at[me] = peek }
#if SLOTS > 1
  :: d_step { AT(begin) && round[me] < RESERVATIONS -> round[me]++; S = 1; at[me] = peek }
#endif
  :: d_step { AT(peek) -> at[me] = (IS_FREE(identity[S]) -> hold : begin) }
  :: d_step { AT(hold) ->
#ifdef RESERVE_UNLOCKED
       at[me] = load
#else
       if :: locked_by[S] == 0 -> locked_by[S] = PROCESS(me); at[me] = load :: else -> at[me] = begin fi
#endif
     }
  :: d_step { AT(load) -> SEEN = identity[S]; at[me] = (IS_FREE(SEEN) -> clear : release) }
  :: d_step { AT(clear) ->
#ifndef RESERVE_UNLOCKED
       process_mark[S] = 0; process[S] = 0;
#endif
       at[me] = take
     }
  :: d_step { AT(take) && !IN_HAND(TAG(S, NEXT(SEEN))) ->
       if
       :: identity[S] == SEEN ->
            SEEN = NEXT(SEEN);
            CHECK_GIFT(TAG_SEEN);
            identity[S] = LIVE | SEEN;
            mine[me] = TAG_SEEN;
            hand[me] = TAG_SEEN;
            at[CHILD] = begin;
            at[me] = store_reserver
       :: else -> at[me] = release
       fi
     }
  :: d_step { AT(store_reserver) -> reserver[S] = PROCESS(me); at[me] = store_mark }
  :: d_step { AT(store_mark) -> reserver_mark[S] = OWN_MARK; at[me] = release }
  :: d_step { AT(release) ->
       if :: locked_by[S] == PROCESS(me) -> locked_by[S] = 0 :: else fi;
       at[me] = (mine[me] == 0 -> begin : spawn)
     }
  :: d_step { AT(spawn) ->
       slot[CHILD] = S;
       seen[CHILD] = SEEN;
       at[CHILD] = join;
       child_process = PROCESS(CHILD);
       at[me] = tell
     }
  /* SetProcess, or not. */
  :: d_step { AT(tell) -> at[me] = watch }
  :: d_step { AT(tell) ->
#ifdef TELL_UNLOCKED
       at[me] = check
#else
       if
       :: locked_by[S] == 0 -> locked_by[S] = PROCESS(me); at[me] = check
       :: locked_by[S] != 0 && identity[S] != (LIVE | GENERATION(SEEN)) -> at[me] = watch
       :: else
       fi
#endif
     }
  :: d_step { AT(check) ->
#ifdef TELL_UNLOCKED
       at[me] = (WITHOUT_JOINED(identity[S]) == (LIVE | GENERATION(SEEN)) -> tell_process : watch)
#else
       at[me] = (identity[S] == (LIVE | GENERATION(SEEN)) -> tell_process : tell_release)
#endif
     }
  :: d_step { AT(tell_process) -> process[S] = child_process; at[me] = tell_mark }
  :: d_step { AT(tell_mark) -> process_mark[S] = OWN_MARK; at[me] = tell_release }
  :: d_step { AT(tell_release) ->
       if :: locked_by[S] == PROCESS(me) -> locked_by[S] = 0 :: else fi;
       at[me] = watch
     }
  /* Its pidfd is readable. */
  :: d_step { AT(watch) && at[CHILD] == gone -> at[me] = mark_dead }
  :: d_step { AT(mark_dead) ->
       if
       :: WITHOUT_JOINED(identity[S]) == (LIVE | GENERATION(SEEN)) ->
            CHECK_DEATH(TAG_SEEN);
            identity[S] = DEAD | GENERATION(SEEN)
       :: else
       fi;
       mine[me] = 0;
       at[me] = recover
     }
  :: d_step { AT(recover) -> if :: object == TAG_SEEN -> object = 0 :: else fi; at[me] = free }
  :: d_step { AT(free) ->
       if :: identity[S] == (DEAD | GENERATION(SEEN)) -> identity[S] = GENERATION(SEEN) :: else fi;
       at[me] = begin;
       S = 0;
       SEEN = 0;
       hand[me] = 0;
       child_process = 0
     }
  od
}

active proctype Child() {
  byte me = CHILD;
  byte each = 0;

  do
  /* Join */
  :: d_step { AT(join) ->
       if
       :: locked_by[S] == 0 -> locked_by[S] = PROCESS(me); at[me] = take
       :: else -> at[me] = join_again
       fi
     }
  /* Somebody looks at the slot. Refused only if it is not the child's any more. */
  :: d_step { AT(join_again) ->
#ifdef JOIN_ONCE
       assert(identity[S] != (LIVE | GENERATION(SEEN)));
#endif
       if
       :: identity[S] == (LIVE | GENERATION(SEEN)) -> at[me] = join
       :: else -> assert(at[PARENT] == gone); FINISH
       fi
     }
  :: d_step { AT(take) ->
       if
       :: identity[S] == (LIVE | GENERATION(SEEN)) ->
            identity[S] = LIVE | JOINED | GENERATION(SEEN);
            mine[me] = TAG_SEEN;
            at[me] = tell_process
       :: else -> assert(at[PARENT] == gone); locked_by[S] = 0; FINISH
       fi
     }
  :: d_step { AT(tell_process) -> process[S] = PROCESS(me); at[me] = tell_mark }
  :: d_step { AT(tell_mark) -> process_mark[S] = OWN_MARK; at[me] = work }
  WORK_AND_LEAVE
  :: d_step { AT(let_go) ->
       locked_by[S] = 0;
       if :: child_process == PROCESS(me) -> child_process = GONE :: else fi;
       for (each : 0 .. SLOTS - 1) {
         if :: process[each] == PROCESS(me) -> process[each] = GONE :: else fi
       }
       each = 0;
       FINISH
     }
  od
}

/* SIGKILL. The kernel drops the locks of the process; what was told of it comes true. */
#define KILL(i) at[i] = gone; slot[i] = 0; seen[i] = 0; mine[i] = 0; hand[i] = 0
#define MAY_DIE(i) at[i] != gone && deaths_left > 0
inline End(i) {
  for (each : 0 .. SLOTS - 1) {
    if :: locked_by[each] == PROCESS(i) -> locked_by[each] = 0 :: else fi;
    if :: process[each] == PROCESS(i) -> process[each] = GONE :: else fi;
    if :: reserver[each] == PROCESS(i) -> reserver[each] = GONE :: else fi
  }
  each = 0;
  deaths_left--
}

active proctype Death() {
  byte each = 0;

  do
#if THREADS
  :: d_step { (at[0] != gone || at[1] != gone) && deaths_left > 0 -> KILL(0); KILL(1); End(0) }
#else
  :: d_step { MAY_DIE(0) -> KILL(0); End(0) }
#if WORKERS > 1
  :: d_step { MAY_DIE(1) -> KILL(1); End(1) }
#endif
#endif
#if WORKERS > 2
  :: d_step { MAY_DIE(2) -> KILL(2); End(2) }
#endif
  :: d_step { MAY_DIE(LOOKER) && at[LOOKER] != begin -> KILL(LOOKER); End(LOOKER) }
#if RESERVATIONS > 0
  :: d_step { MAY_DIE(PARENT) ->
       KILL(PARENT);
       if :: at[CHILD] == begin -> at[CHILD] = gone :: else fi;
       child_process = 0;
       End(PARENT)
     }
  :: d_step { MAY_DIE(CHILD) && at[CHILD] != begin ->
       KILL(CHILD);
       if :: child_process == PROCESS(CHILD) -> child_process = GONE :: else fi;
       End(CHILD)
     }
#endif
  /* A death must not be what everybody waits for: at any time there may be no more. */
  :: d_step { deaths_left > 0 -> deaths_left = 0 }
  od
}

#define DONE(i) (at[i] == gone)
#if WORKERS > 2
#define WORKERS_ARE_DONE (DONE(0) && DONE(1) && DONE(2))
#elif WORKERS > 1
#define WORKERS_ARE_DONE (DONE(0) && DONE(1))
#else
#define WORKERS_ARE_DONE DONE(0)
#endif
#define EVERYBODY_IS_DONE (WORKERS_ARE_DONE && DONE(LOOKER) && DONE(PARENT) && DONE(CHILD))
#if SLOTS > 1
#define NOTHING_IS_LOCKED (locked_by[0] == 0 && locked_by[1] == 0)
#else
#define NOTHING_IS_LOCKED (locked_by[0] == 0)
#endif

/* Nothing can move any more. */
active proctype AtTheEnd() {
  timeout -> assert(EVERYBODY_IS_DONE && NOTHING_IS_LOCKED)
}

/* Nobody moves for ever without coming to an end. */
ltl everybody_comes_to_an_end { <> EVERYBODY_IS_DONE }
