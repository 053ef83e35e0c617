//! How a connection ends, and a session.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_second_connection_replaces_the_first() {
    let bench = Bench::new(1, Limits::default());
    let mut first = bench.open(None, Some(&[0])).unwrap();
    let id = bench.begin(&mut first).await;
    let mut second = bench.open(Some(&id), None).unwrap();
    assert_eq!(bench.next(&mut second).await.name, "connect");
    assert_eq!(bench.next(&mut first).await.name, "replaced");
    assert_eq!(first.next(&bench.stop).await, None);
    drop(first);
    advance(Limits::default().session_life).await;
    bench.sessions.sweep(Instant::now());
    put(&bench.table, &[0], 3);
    assert_eq!(
        bench.next(&mut second).await.values(),
        [3],
        "the old one's end is not the session's"
    );
}

/// Runs a connection in a task of its own, as the server does: after its beginning it is polled only when it is
/// woken. Tells when each event came and its name.
fn run_alone(
    bench: &Bench,
    open: impl FnOnce() -> Feed + Send + 'static,
) -> Receiver<(Instant, String)> {
    let (sender, receiver) = channel(8);
    let stop = bench.stop.clone();
    tokio::spawn(async move {
        let mut feed = open();
        while let Some(bytes) = feed.next(&stop).await {
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            let name = text.lines().find_map(|line| line.strip_prefix("event: ")).unwrap();
            sender.try_send((Instant::now(), name.to_owned())).expect("few events");
        }
    });
    receiver
}

#[tokio::test(start_paused = true)]
async fn a_replaced_connection_takes_no_wake_from_its_successor() {
    let bench = Bench::new(1, Limits::default());
    let mut first = bench.open(None, Some(&[0])).unwrap();
    let id = bench.begin(&mut first).await;
    let mut first = run_alone(&bench, || first);
    advance(Duration::from_secs(1)).await;
    let begin = Instant::now();
    let sessions = Arc::clone(&bench.sessions);
    // The successor is opened and waits before the first is polled again.
    let mut second = run_alone(&bench, move || {
        let address = "127.0.0.1".parse().unwrap();
        let opening = Opening {
            last_event_id: Some(&id),
            points: None,
            pace: PACE,
            form: Form::Plain,
            address,
        };
        sessions.open(opening).unwrap()
    });
    assert_eq!(second.recv().await.unwrap().1, "connect");
    assert_eq!(first.recv().await.unwrap(), (begin, "replaced".to_owned()));
    put(&bench.table, &[0], 3);
    assert_eq!(second.recv().await.unwrap(), (begin, "points".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_session_whose_life_is_over_can_neither_be_resumed_nor_edited() {
    let bench = Bench::new(1, Limits::default());
    let mut feed = bench.open(None, Some(&[0])).unwrap();
    let id = bench.begin(&mut feed).await;
    // Whoever looked a session up may come to it only after it has ended.
    let session = bench.sessions.find(client_of(&id)).unwrap();
    drop(feed);
    advance(Limits::default().session_life).await;
    bench.sessions.sweep(Instant::now());
    assert_eq!(session.edit(Edit::Put(entries([0])), None), Err(EditError::Over));
    assert!(session.resume(0, 1, Form::Plain).unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_sweep_that_comes_late_to_a_session_ends_none_that_was_left_meanwhile() {
    let bench = Bench::new(1, Limits::default());
    let mut feed = bench.open(None, Some(&[0])).unwrap();
    let id = bench.begin(&mut feed).await;
    let sweep_began = Instant::now();
    advance(Duration::from_millis(5)).await;
    drop(feed);
    bench.sessions.sweep(sweep_began);
    let mut again = bench.open(Some(&id), None).unwrap();
    assert_eq!(bench.next(&mut again).await.data["resumed"], true);
}

#[tokio::test(start_paused = true)]
async fn a_stop_drains_every_stream() {
    let bench = Bench::new(1, Limits::default());
    let mut feed = bench.open(None, Some(&[0])).unwrap();
    bench.begin(&mut feed).await;
    bench.stop.cancel();
    assert_eq!(bench.next(&mut feed).await.name, "drain");
    assert_eq!(feed.next(&bench.stop).await, None);
}
