// Boards: all of them, or the one that the address names.

import { useParams } from '@solidjs/router';
import { type JSX, Show } from 'solid-js';
import { BoardPage } from './board.js';
import { BoardList } from './list.js';
import './boards.css';

export default function BoardsPage(): JSX.Element {
  const params = useParams<{ board?: string }>();
  return <Show when={params.board} keyed fallback={<BoardList />}>{(name) => <BoardPage name={name} />}</Show>;
}
