/*
 * The asynchronous way of asking: wrapperExecAsync queues a copy of the request, and one worker
 * thread answers in order through the host's callback. The thread starts with the first request
 * and ends in wrapperFini.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine.h"

enum { MOST_WAITING = 1024 };

struct job {
  struct job* next;
  struct request request; /* its data points to bytes; the tag is the host's until the callback */
  wrapperCallback callback;
  int has_deadline;
  struct timespec deadline; /* on CLOCK_MONOTONIC */
  uint8_t bytes[];
};

static struct {
  pthread_mutex_t mutex; /* guards all that follows */
  pthread_cond_t changed;
  struct job* first;
  struct job** end; /* where the next job goes */
  int waiting;
  int running; /* there is a thread to join */
  int stopping;
  pthread_t thread;
} queue = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, NULL, &queue.first, 0, 0, 0, 0};

static int is_late(const struct job* job) {
  if (!job->has_deadline) return 0;
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  if (now.tv_sec != job->deadline.tv_sec) return now.tv_sec > job->deadline.tv_sec;
  return now.tv_nsec > job->deadline.tv_nsec;
}

static void finish(struct job* job, int stopping) {
  pDataList answer = NULL;
  int error;
  if (stopping) {
    error = ERR_STOPPING;
  } else if (is_late(job)) {
    error = ERR_TIMED_OUT; /* nobody waits for it any more */
  } else {
    error = recognise(&job->request, &answer);
  }
  job->callback(job->request.tag, answer, error);
  free(answer); /* the host has copied what it wants */
  free(job);
}

static void* work(void* unused) {
  (void)unused;
  pthread_mutex_lock(&queue.mutex);
  for (;;) {
    while (queue.first == NULL && !queue.stopping) {
      pthread_cond_wait(&queue.changed, &queue.mutex);
    }
    struct job* job = queue.first;
    if (job == NULL) break; /* stopping, and every request has had its answer */
    queue.first = job->next;
    if (queue.first == NULL) queue.end = &queue.first;
    --queue.waiting;
    int stopping = queue.stopping;
    /* The callback may take its time, or ask for more. */
    pthread_mutex_unlock(&queue.mutex);
    finish(job, stopping);
    pthread_mutex_lock(&queue.mutex);
  }
  pthread_mutex_unlock(&queue.mutex);
  return NULL;
}

/* Takes over the job on success. */
static int enqueue(struct job* job) {
  int error = 0;
  pthread_mutex_lock(&queue.mutex);
  if (queue.stopping) {
    error = ERR_STOPPING;
  } else if (queue.waiting >= MOST_WAITING) {
    error = ERR_BUSY;
  } else if (!queue.running) {
    error = pthread_create(&queue.thread, NULL, work, NULL) == 0 ? 0 : ERR_NO_MEMORY;
    queue.running = error == 0;
  }
  if (error == 0) {
    *queue.end = job;
    queue.end = &job->next;
    ++queue.waiting;
    pthread_cond_signal(&queue.changed);
  }
  pthread_mutex_unlock(&queue.mutex);
  return error;
}

void async_stop(void) {
  pthread_mutex_lock(&queue.mutex);
  int running = queue.running;
  queue.stopping = 1;
  pthread_cond_signal(&queue.changed);
  pthread_mutex_unlock(&queue.mutex);
  if (running) pthread_join(queue.thread, NULL);
  /* The engine may be initialised again. */
  pthread_mutex_lock(&queue.mutex);
  queue.running = 0;
  queue.stopping = 0;
  pthread_mutex_unlock(&queue.mutex);
}

int wrapperExecAsync(const char* usrTag, pParamList params, pDataList reqData,
                     wrapperCallback callback, int timeout, unsigned int psrIds[], int psrCnt) {
  (void)psrIds;
  (void)psrCnt;
  const struct DataList* node = request_picture(reqData);
  if (node == NULL || node->len == 0) return ERR_NO_INPUT;
  int top = 0;
  int error = request_top(params, &top);
  if (error != 0) return error;
  struct job* job = malloc(sizeof *job + node->len);
  if (job == NULL) return ERR_NO_MEMORY;
  /* The host's bytes are gone when this function returns. */
  memcpy(job->bytes, node->data, node->len);
  job->next = NULL;
  job->request = (struct request){usrTag, job->bytes, node->len, top};
  job->callback = callback;
  job->has_deadline = timeout > 0;
  if (job->has_deadline) {
    clock_gettime(CLOCK_MONOTONIC, &job->deadline);
    job->deadline.tv_sec += timeout / 1000;
    job->deadline.tv_nsec += (long)(timeout % 1000) * 1000000;
    if (job->deadline.tv_nsec >= 1000000000) {
      job->deadline.tv_nsec -= 1000000000;
      ++job->deadline.tv_sec;
    }
  }
  error = enqueue(job);
  if (error != 0) free(job);
  return error;
}
