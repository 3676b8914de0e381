/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For LD_PRELOAD: stock Kamailio 5.6 with OpenSSL 3 does not live long enough to be measured, since all its processes
 * inherit what OpenSSL keeps in shared memory for the main process's thread (kamailio #3791). So before a fork that is
 * ended, as Kamailio 6.0 does by itself. Nothing else of it is changed. */
#include <openssl/crypto.h>
#include <pthread.h>

__attribute__((constructor)) static void prepare(void)
{
	pthread_atfork(OPENSSL_thread_stop, NULL, NULL);
}
